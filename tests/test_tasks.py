"""Tasks as data: states, display, and the name of a cell."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from mjnb.clips import LIGHT
from mjnb.gateways import dialect
from mjnb.modes import RawRequest, TextToImage, UploadPaint, Vary
from mjnb.tasks import Image, Task, TaskState, as_json, canonical, cell_key, money, seconds

HOSTILE = "</div><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
APIXO = dialect("apixo")


def task(**changes) -> Task:
    """Make a task."""
    values = {
        "id": "task_1", "gateway": "apixo", "simulated": False, "request": TextToImage(prompt="a fox"),
        "state": TaskState.SUCCESS, "cost_time_s": 41.388, "price_micro": 100_000,
    }  # fmt: skip
    return Task(**{**values, **changes})


def key(request, **options) -> str:
    """Name a request's cell."""
    return cell_key("apixo", request.mode, APIXO.held(request), **options)


# -- tasks -----------------------------------------------------------------------------------------------------------


def test_states():
    """Every state is finished, running, or neither: on its way and unknown are neither."""
    finished = {state for state in TaskState if state.is_finished}
    running = {state for state in TaskState if state.is_running}
    assert finished == {TaskState.SUCCESS, TaskState.FAILED, TaskState.REFUSED}
    assert running == {TaskState.PENDING, TaskState.PROCESSING}
    assert set(TaskState) - finished - running == {TaskState.SUBMITTING, TaskState.UNKNOWN}
    assert f"{TaskState.SUCCESS}" == "success"


def test_tasks_are_data():
    """A task can be pickled, copied and compared, and does not change."""
    one = task(created=datetime(2026, 1, 2, tzinfo=UTC), images=(Image(0, "https://a/0.png"),))
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert one.replace(state=TaskState.FAILED).state is TaskState.FAILED
    assert one.price_usd == pytest.approx(0.10)
    assert task(price_micro=None).price_usd is None
    with pytest.raises(AttributeError):
        one.state = TaskState.FAILED


def test_a_task_says_what_it_is():
    """The repr has mode, state, time, price, id, prompt and pictures; a simulated task says so."""
    text = repr(task(images=(Image(0, "u"),) * 4, simulated=True))
    for part in (
        "text-to-image",
        "success",
        "41.4 s",
        "$0.10",
        "task_1",
        "simulated",
        "'a fox'",
        "4 pictures",
    ):
        assert part in text
    assert "simulated" not in repr(task())
    assert (
        repr(task(request=None, cost_time_s=None, price_micro=None))
        == "<Task task · success · price unknown · task_1>"
    )
    assert len(repr(task(request=TextToImage(prompt="x" * 2000)))) < 150


def test_display_is_escaped(tmp_path):
    """Whatever a gateway or a user wrote is text in the display, and the pictures are inline."""
    thumb = tmp_path / "0.thumb.webp"
    Pillow.new("RGB", (8, 8), "red").save(thumb)
    shown = task(
        id=HOSTILE, request=TextToImage(prompt=HOSTILE), state=TaskState.FAILED, fail_code=HOSTILE, fail_msg=HOSTILE,
        images=(Image(0, HOSTILE, thumb=thumb), Image(1, "u")), simulated=True,
    )._repr_html_()  # fmt: skip
    assert "<script" not in shown
    assert "<img src=x" not in shown
    assert shown.count("&lt;script&gt;") == 4
    assert shown.count("<img ") == 1
    assert 'src="data:image/webp;base64,' in shown
    assert "simulated" in shown
    assert "not downloaded" in Image(0, HOSTILE)._repr_html_()


def test_a_task_counts_its_texts_and_clips(tmp_path):
    """The repr says how many texts or clips there are, as it does with pictures."""
    assert repr(task(texts=("a", "b", "c", "d"))).endswith(", 4 texts>")
    assert repr(task(texts=("42",))).endswith(", 1 text>")
    assert repr(task(images=(Image(0, "u", tmp_path / "0.webm"),))).endswith(", 1 clip>")


def test_clips_of_elsewhere_are_played_as_long_as_they_are_light(tmp_path, monkeypatch):
    """A clip outside the working directory is inside the display up to a bound; else its poster says why it cannot be played."""
    here, away = tmp_path / "here", tmp_path / "away"
    here.mkdir()
    away.mkdir()
    monkeypatch.chdir(here)
    thumb = away / "0.thumb.webp"
    Pillow.new("RGB", (8, 8), "red").save(thumb)
    for name, size in (("light.webm", LIGHT), ("heavy.webm", LIGHT + 1)):
        (away / name).write_bytes(bytes(size))
    names = ("light.webm", "heavy.webm", "gone.webm")
    shown = task(
        images=tuple(Image(n, "u", away / name, thumb) for n, name in enumerate(names))
    )._repr_html_()
    assert shown.count("<video controls") == shown.count('src="data:video/webm;base64,') == 1
    assert shown.count("<img ") == 2
    for said in (
        ">clip 0<",
        "▶ clip 1: 0.3 MB, too large",
        "open images[1].path",
        "▶ clip 2: its file is gone",
    ):
        assert said in shown
    assert "away" not in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0 s"),
        (38.21, "38.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (250, "4 min 10 s"),
        (3599.9, "1 h 0 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_durations(value, text):
    """Durations are written as people read them."""
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "$0.00"),
        (100_000, "$0.10"),
        (45_040, "$0.045"),
        (45_060, "$0.0451"),
        (12_345_600, "$12.3456"),
        (None, "unknown"),
    ],
)
def test_money(micro, text):
    """Money has two to four decimals, and an unknown price is not zero."""
    assert money(micro) == text


# -- the name of a cell ----------------------------------------------------------------------------------------------


def test_equal_requests_are_one_cell():
    """Spellings, order and defaults written out do not make another cell."""
    plain = key(TextToImage(prompt="a fox", version="v7"))
    assert plain == key(TextToImage(version=7, prompt=" a fox "))
    assert plain == key(TextToImage(prompt="a fox", version="V7", chaos=0, speed="fast", aspect="1:1"))
    assert plain.startswith("k1:")
    assert len(plain) == 35


def test_the_recipe_of_a_name_stays():
    """The recipe is written down here: changing it would pay again for every picture that people have."""
    assert cell_key("apixo", "text-to-image", {"prompt": "ein Füchschen", "chaos": 5}) == (
        "k1:" + "74e1ff9d0e5921e33151a533da36764f"
    )


def test_everything_that_decides_the_picture_is_in_the_name():
    """Another value, mode, gateway, repeat or take is another cell."""
    held = APIXO.held(TextToImage(prompt="a fox"))
    names = [
        cell_key("apixo", "text-to-image", held),
        cell_key("simulated", "text-to-image", held),
        cell_key("apixo", "image-to-image", held),
        cell_key("apixo", "text-to-image", {**held, "chaos": 1}),
        cell_key("apixo", "text-to-image", {**held, "enable_translation": True}),
        cell_key("apixo", "text-to-image", held, repeat=1),
        cell_key("apixo", "text-to-image", held, take=2),
    ]
    assert len(set(names)) == len(names)


def test_every_mode_has_a_name():
    """Masks, references and raw fields are part of the name."""
    paint = {
        "prompt": "a", "image_urls": ["https://a/b.png"], "mask": {"url": "https://a/m.png"},
        "canvas": {"width": 9, "height": 9}, "img_pos": {"width": 9, "height": 9, "x": 0, "y": 0},
    }  # fmt: skip
    other = {**paint, "mask": {"url": "https://a/n.png"}}
    requests = [
        UploadPaint(**paint), UploadPaint(**other), Vary(task_id="t", image_index=0, strength="subtle"),
        RawRequest("reroll", taskId="t"), RawRequest("reroll", taskId="u"),
    ]  # fmt: skip
    assert len({key(request) for request in requests}) == len(requests)


def test_json_is_writable():
    """JSON from a gateway that holds half a character is still written, since a paid task hangs on it."""
    for write in (canonical, as_json):
        assert write({"message": "a \ud83e fox"}).encode() == write({"message": "a ? fox"}).encode()
    assert canonical({"b": (1, 2), "a": "é"}) == '{"a":"é","b":[1,2]}'
    with pytest.raises(TypeError):
        canonical({"a": object()})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_names_do_not_depend_on_order(held):
    """The order in which fields were given does not matter."""
    assert cell_key("apixo", "m", held) == cell_key("apixo", "m", dict(reversed(held.items())))
