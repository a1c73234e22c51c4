"""What every dialect promises of requests."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mjnb import errors
from mjnb.gateways.base import Envelope, Limits, Status
from mjnb.modes import ImageToImage, RawRequest, TextToImage
from mjnb.tasks import TaskState
from mjnb.testing.documents import Documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mjnb.gateways.base import Call
    from mjnb.modes import Request

__all__ = ["RequestPromises"]

_FUZZ = settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
_HALF_A_DOLLAR = 500_000  # in millionths
_PARENTS = {"task_id", "image_index"}  # a parent may be told otherwise, by what is known of it
_LOCAL = f"file:{'0' * 64}.png"
_IDS = ("task_12345678", "a b&c=d/../e", "%2F?#", "fü")


class RequestPromises(Documents):
    """A dialect introduces itself, and spells, refuses, prices and times requests."""

    # -- who it is ---------------------------------------------------------------------------------------------------

    def test_it_introduces_itself(self) -> None:
        """A dialect has a name, a page, an origin over https, the names of its key, and limits."""
        of = self.dialect
        assert of.name
        assert of.name == of.name.lower()
        assert of.title
        assert of.page.startswith("https://")
        assert of.base_url.startswith("https://")
        assert not of.base_url.endswith("/")
        assert of.key_names
        assert all(name == name.upper() for name in of.key_names)
        assert isinstance(of.limits, Limits)
        assert min(of.limits.per_minute, of.limits.at_once, of.url_life_s, of.batch) > 0

    def test_its_choices_are_of_those_there_are(self) -> None:
        """How pictures and masks travel is said in the words that the core knows."""
        of = self.dialect
        assert of.references
        assert set(of.references) <= {"url", "upload", "base64"}
        assert of.masks in {"areas", "base64", "url"}
        assert of.mask_paint in {"white", "black", "transparent"}
        assert of.streams <= of.modes.keys()
        assert not set(of.on_request) & of.modes.keys(), "a mode is either there or enabled on request"

    def test_its_modes_have_their_fields(self) -> None:
        """For each mode it says which fields it takes: of those that there are, and at least those that must be given."""
        of = self.dialect
        assert all(model.mode == mode for mode, model in of.modes.items())
        assert of.takes.keys() == of.modes.keys()
        for mode, model in of.modes.items():
            required = {name for name, info in model.model_fields.items() if info.is_required()}
            assert required <= of.takes[mode], mode
            assert of.takes[mode] <= model.model_fields.keys(), mode
            for name in model.model_fields:
                assert bool(of.lacks(mode, name)) == (name not in of.takes[mode]), (mode, name)

    def test_every_mode_has_an_example(self) -> None:
        """Nothing of what follows passes because there is nothing to try."""
        assert {request.mode for request in self._tried()} == set(self.dialect.modes)

    # -- what is sent ------------------------------------------------------------------------------------------------

    def test_every_mode_can_be_sent(self) -> None:
        """A request of each of its modes becomes a POST under its origin, whose body is JSON without gaps, with its words."""
        for request in self._tried():
            calls = self.calls(request)
            for call in calls:
                assert call.method == "POST", request
                assert call.path.startswith("/"), request
                assert None not in _leaves(call.body or {}), request
            words = " ".join(json.dumps(call.body, allow_nan=False) for call in calls)
            assert json.dumps(request.given().get("prompt", ""))[1:-1] in words, request

    def test_no_key_is_written(self) -> None:
        """A call carries no key: whoever makes it adds that."""
        asked = (self.dialect.status("task_1"), self.dialect.status_of(["task_1"]))
        for call in (*asked, *(call for request in self._tried() for call in self.calls(request))):
            headers = {name.lower() for name in call.headers}
            assert not headers & {"authorization", "x-api-key", "api-key", "cookie"}, call

    def test_sending_is_a_pure_function(self) -> None:
        """The same request gives the same call and is not changed by it."""
        for request in self._tried():
            before = pickle.dumps(request)
            assert self.calls(request) == self.calls(request), request
            assert pickle.dumps(request) == before

    def test_every_field_that_is_taken_is_sent(self) -> None:
        """No field is taken and then forgotten: with another value of it, something else is sent."""
        for mode, model in self.dialect.modes.items():
            optional = {
                name for name in self.dialect.takes[mode] if not model.model_fields[name].is_required()
            }
            for name in sorted(optional):
                assert any(self._differ(request, name) for request in self._tried(mode)), (mode, name)

    def _differ(self, request: Request, name: str) -> bool:
        if name in _PARENTS:
            return True
        sent = []
        for one in (request, *self.variants(request, name)):
            try:
                sent.append(self.calls(one))
            except errors.InvalidRequest:
                continue
        return any(calls != sent[0] for calls in sent)

    def test_a_field_that_it_lacks_is_refused(self) -> None:
        """A field that the gateway does not have is refused by name, by check and submit alike; a form hears of it too."""
        for request in self._tried():
            model = type(request)
            for name in model.model_fields.keys() - self.dialect.takes[request.mode]:
                for one in self.variants(request, name):
                    for act in (self.dialect.check, self._submit):
                        with pytest.raises(errors.UnsupportedError) as caught:
                            act(one)
                        assert caught.value.field == name
                    assert self.dialect.refuses(model, name, one.given()[name]), (request.mode, name)

    def _submit(self, request: Request) -> Call:
        return self.dialect.submit(request, self.envelope(request))

    def test_a_mode_that_it_lacks_is_refused(self) -> None:
        """A mode that the gateway does not have is refused by check and submit alike, before anything is sent."""
        elsewhere = type("Elsewhere", (TextToImage,), {"mode": "elsewhere", "__module__": __name__})
        for act in (self.dialect.check, self._submit):
            with pytest.raises(errors.UnsupportedError, match="elsewhere"):
                act(elsewhere(prompt="a fox"))

    def test_files_are_refused_where_they_cannot_travel(self) -> None:
        """A file of this machine is refused unless the gateway takes files in some way."""
        if "image-to-image" not in self.dialect.modes or {"upload", "base64"} & set(
            self.dialect.references
        ):
            return
        with pytest.raises(errors.InvalidRequest, match="image_urls"):
            self.dialect.check(ImageToImage(prompt="a fox", image_urls=(_LOCAL,)))

    def test_a_form_may_ask_about_any_value(self) -> None:
        """Whether a value would be taken is told in words or by "", whatever else is still missing."""
        for mode, model in self.dialect.modes.items():
            for request in self._tried(mode):
                for name in model.model_fields:
                    for one in self.variants(request, name):
                        told = self.dialect.refuses(model, name, one.given()[name])
                        assert isinstance(told, str), (mode, name)

    def test_raw_requests_travel_as_written(self) -> None:
        """What is written raw reaches the body under the names it was given."""
        call = self._submit(RawRequest("something-new", some_Field="x7"))
        assert '"some_Field": "x7"' in json.dumps(call.body)
        assert "something-new" in f"{call.path} {json.dumps(call.body)}"

    def test_odd_raw_requests(self) -> None:
        """A raw request may hold anything that JSON has: it is sent, or refused as what it is."""
        odd = RawRequest("something-new", prompt=5, image_urls=5, version=[1], speed=None, extra={"a": 1})
        _sent_or_refused(lambda: self._submit(odd))

    def test_streams_where_it_says_so(self) -> None:
        """Progress comes as a stream where it is wanted and can be had, and nowhere else."""
        for request in self._tried():
            if "task_id" in request.given():
                continue
            call = self.dialect.submit(request, Envelope(streams=request.mode in self.dialect.streams))
            assert call.streams == (request.mode in self.dialect.streams), request
            assert not self.dialect.submit(request, Envelope()).streams, request

    def test_callbacks_where_it_says_so(self) -> None:
        """An address to call back travels in the modes that can, whole, and in no other."""
        address = "https://me.example/5f3c"
        for request in self._tried():
            if "task_id" in request.given():
                continue
            call = self.dialect.submit(request, Envelope(callback_url=address))
            assert (address in json.dumps(call.body)) == (request.mode in self.dialect.callbacks), request

    # -- follow-ups --------------------------------------------------------------------------------------------------

    def test_a_follow_up_without_its_parent(self) -> None:
        """A follow-up of a task that nobody knows here is sent; one that `needs_parent` may be refused as what it is."""
        for request in self._tried():
            if "task_id" not in request.given():
                continue
            try:
                self.dialect.submit(request, Envelope())
            except errors.InvalidRequest:
                assert self.dialect.needs_parent, request

    @_FUZZ
    @given(st.data())
    def test_a_follow_up_of_an_odd_parent(self, data: st.DataObject) -> None:
        """Whatever of a parent is not known any more, a follow-up of it is sent, or refused as what it is."""
        follow_ups = [request for request in self._tried() if "task_id" in request.given()]
        if not follow_ups:
            return
        request = data.draw(st.sampled_from(follow_ups))
        whole = data.draw(st.sampled_from([Status(TaskState.SUCCESS), *self.known_parents]))
        kept = data.draw(st.sets(st.sampled_from(sorted(whole.facts)))) if whole.facts else set()
        urls = whole.urls[: data.draw(st.integers(0, 4))]
        parent = replace(whole, urls=urls, facts={name: whole.facts[name] for name in kept})
        _sent_or_refused(lambda: self.dialect.check_parent(request, parent))
        _sent_or_refused(lambda: self.dialect.submit(request, Envelope(parent=parent)))

    def test_the_second_half_names_the_task(self) -> None:
        """The second half of a request goes on with the task of the first."""
        for request in self._tried() if self.has("second_half") else ():
            if request.mode in self.two_halves:
                assert "task_1" in json.dumps(self.calls(request)[1].body), request

    # -- what holds, and what it costs -------------------------------------------------------------------------------

    def test_what_held_is_complete_and_stays(self) -> None:
        """`held` keeps what was set, and asking with what held is asking for the same."""
        for request in self._tried():
            held = self.dialect.held(request)
            assert request.given().items() <= held.items(), request
            full = type(request)(**held)
            assert self.dialect.held(full) == held, request
            assert self.dialect.price(full) == self.dialect.price(request), request

    def test_what_is_settled_is_taken(self) -> None:
        """Values are moved to what the gateway takes, each is told of, and there they stay."""
        request = TextToImage(prompt="a fox")
        for name in ("chaos", "stylize", "weird"):
            for value in (
                (0, 1, 2, 3, 25, 50, 97, 100) if not self.dialect.lacks(request.mode, name) else ()
            ):
                settled, notes = self.dialect.settle(request.replace(**{name: value}))
                self.dialect.check(settled)
                assert bool(notes) == (settled.given()[name] != value), (name, value)
                assert self.dialect.settle(settled) == (settled, ()), (name, value)

    def test_every_mode_is_priced_or_not(self) -> None:
        """A price is a whole number of millionths of a dollar, or None where nobody tells; the user's own wins."""
        raw = RawRequest("something-new", taskId="t")
        for request in (*self._tried(), raw):
            price = self.dialect.price(request)
            assert price is None or (type(price) is int and price >= 0), request
            assert self.dialect.price(request, {request.mode: 0.5}) == _HALF_A_DOLLAR, request
        assert self.dialect.price(raw) is None
        assert all(isinstance(name, str) and name for name in self.dialect.price_names)

    def test_every_mode_has_a_rhythm(self) -> None:
        """When to ask first, how often, and when to give up make sense together."""
        for request in (*self._tried(), RawRequest("something-new"), None):
            rhythm = self.dialect.rhythm(request)
            low, high = rhythm.typical
            assert rhythm.first >= 0, request
            assert rhythm.every > 0, request
            assert 0 < low <= high < rhythm.timeout, request

    def test_advice_is_sentences(self) -> None:
        """Advice is text, and asking for it never fails."""
        for request in (*self._tried(), RawRequest("something-new", prompt=5, image_urls=5, version=[1])):
            assert all(isinstance(line, str) and line for line in self.dialect.advise(request)), request

    # -- asking ------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("task_id", _IDS)
    def test_asking_names_the_task(self, task_id: str) -> None:
        """The question after a task carries its id, whatever characters it has; so does that after several."""
        for call in (self.dialect.status(task_id), self.dialect.status_of([task_id])):
            assert call.path.startswith("/"), call
            told = [*call.query.values(), *_leaves(call.body or {})]
            assert task_id in told or call.path.endswith(f"/{quote(task_id, safe='')}"), call

    def test_several_are_asked_after_at_once(self) -> None:
        """Where one request may ask after several tasks, it names them all."""
        several = [f"task_{number}" for number in range(self.dialect.batch)]
        call = self.dialect.status_of(several)
        told = json.dumps([call.path, dict(call.query), dict(call.body or {})])
        assert all(task_id in told for task_id in several), call

    def test_a_picture_is_handed_over(self) -> None:
        """Where pictures are uploaded, the call holds the picture's bytes; elsewhere there is no such call."""
        arguments = ("fox.png", b"\x89PNG", "image/png")
        if "upload" not in self.dialect.references:
            with pytest.raises(NotImplementedError):
                self.dialect.upload(*arguments)
            return
        call = self.dialect.upload(*arguments)
        assert arguments in call.files.values(), call

    def _tried(self, mode: str | None = None) -> list[Request]:
        """Return the examples that the gateway takes; of several of one mode it need not take all."""
        found = [request for request in self.examples() if mode in {None, request.mode}]
        many = [request for request in found if [one.mode for one in found].count(request.mode) > 1]
        return [request for request in found if request not in many or self._takes(request)]

    def _takes(self, request: Request) -> bool:
        try:
            self._submit(request)
        except errors.InvalidRequest:
            return False
        return True


def _sent_or_refused(act: Any) -> None:
    try:
        act()
    except errors.InvalidRequest:
        return


def _leaves(body: Any) -> Iterator[Any]:
    """Yield what stands at the ends of a JSON value."""
    if isinstance(body, dict | list | tuple):
        for item in body.values() if isinstance(body, dict) else body:
            yield from _leaves(item)
    else:
        yield body
