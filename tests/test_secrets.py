"""A canary for a key, planted before everything that a session can do, and found nowhere afterwards."""

from __future__ import annotations

import io
import json
import pickle
import socket
import struct
import threading
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from ipywidgets.embed import dependency_state
from misbehaving import Gateway, raw, told, whole
from nbclient import NotebookClient
from pydantic import SecretStr
from secret_helpers import bytes_of, everything_logged, inside, shown_of_error

import mjnb
from mjnb import errors
from mjnb.gateways import NAMES, dialect
from mjnb.session import Session
from mjnb.settings import find_place
from mjnb.simulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "sk-canary-7c1f0e5d2b9a4836"
WRONG = (
    "status:400", "status:401", "status:402", "status:403", "status:404", "status:422", "status:500", "status:502",
    "html", "garbage", "truncate", "drop", "accept_then_drop",
)  # fmt: skip


def assert_absent(*shown: str | bytes) -> None:
    """Find the canary in nothing, written in any of the usual ways."""
    for one in shown:
        text = one if isinstance(one, bytes) else one.encode("utf-8", "replace")
        at = text.find(CANARY.encode())
        assert at < 0, text[max(0, at - 300) : at + 60]
        assert CANARY[::-1].encode() not in text


@pytest.fixture
def opened(monkeypatch, tmp_path, simulator) -> Iterator[Callable[..., Session]]:
    """Open real sessions with a simulated gateway; the key comes from the environment, as for most people."""
    sessions: list[Session] = []

    def make(gateway: str = "apixo", base_url: str = "", server: Any = None, **options: Any) -> Session:
        monkeypatch.setenv(dialect(gateway).key_names[0], CANARY)
        server = server or (None if base_url else simulator(api_key=CANARY))
        path = "" if gateway == NAMES[0] else f"/{gateway}"
        usual = {
            "base_url": base_url or server.url + path,
            "time_scale": 600.0,
            "timeout": 1e5,
            "store": tmp_path / "s",
            "quiet": False,
        }
        sessions.append(Session(gateway, **{**usual, **options}))
        return sessions[-1]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.AdviceWarning)
        yield make
        for one in sessions:
            one.close().result(timeout=20)


def outcome(job: Any, *, rendered: bool = False) -> str:
    """Return everything that can be seen of how a job ended."""
    try:
        return repr(job.result(timeout=20)) + repr(job)
    except errors.MjnbError as error:
        return shown_of_error(error, rendered=rendered) + repr(job)


# -- errors and logs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", NAMES)
def test_no_error_of_any_class_shows_it(opened, simulator, tmp_path, capsys, gateway):
    """Refusals, odd answers and broken connections of every gateway show no key: no text, no frame's variable, no log, no file."""
    faults = [Fault(on="submit", kind=kind) for kind in WRONG]
    server = simulator(api_key=CANARY, faults=faults)
    with everything_logged() as said:
        mj = opened(gateway, server=server, stream=gateway == "acedata")
        shown = [outcome(mj.imagine(f"a fox, {kind}")) for kind in WRONG]
        shown.append(
            mj.imagine("a fox")._repr_html_()
            if hasattr(mj, "none")
            else repr(mj.imagine("a fox").result(timeout=20))
        )
        server.faults.add(on="status", kind="html")
        server.faults.add(on="file", kind="status:404")
        shown.append(outcome(mj.imagine("an owl")))
        other = opened(gateway, server=simulator(api_key="another"))
        shown.append(outcome(other.imagine("an elk"), rendered=True))
    assert "refused (401)" in "".join(shown)
    assert any("httpcore" in line for line in said)
    assert_absent(
        *shown, *said, *capsys.readouterr(), bytes_of(tmp_path), inside(mj), mj.history().to_csv()
    )


def test_no_connection_that_breaks_shows_it(opened, tmp_path):
    """A connection that cannot be made, is reset while the request leaves, or breaks in the answer leaves no trace of its bytes."""
    shown = [outcome(opened(base_url="http://127.0.0.1:9").imagine("a fox"), rendered=True)]
    for act in (raw(_HALF), raw(b"\0\0\r\n\r\n"), raw()):
        with Gateway(submits=[act]) as gateway:
            shown.append(outcome(opened(base_url=gateway.url).imagine(f"a fox {len(shown)}")))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_reset_all, args=(listening,), daemon=True).start()
        mj = opened(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
        shown += [outcome(mj.imagine(f"an owl {n}")) for n in range(12)]
        assert any("ReadError" in one or "WriteError" in one for one in shown)
        listening.shutdown(socket.SHUT_RDWR)
    assert_absent(*shown, bytes_of(tmp_path))


_HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"


def _reset_all(listening: socket.socket) -> None:
    """Reset every connection as soon as it is made, while the client writes."""
    with suppress(OSError):
        while True:
            peer, _ = listening.accept()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()


@pytest.mark.parametrize(
    "spelled", [CANARY, CANARY.replace("-", "\\u002d"), f"Bearer {CANARY}", CANARY.replace("s", "\\u0073", 1)], ids=["plain", "escaped", "whole", "once"]
)  # fmt: skip
def test_a_gateway_that_repeats_it(opened, tmp_path, spelled):
    """A gateway that puts the key into a refusal, an odd answer, a reason or an address, however JSON can spell it, is not believed."""
    refused = whole(
        f'{{"code": 401, "message": "no such key: {spelled}", "data": null}}'.encode(),
        status="401 Unauthorized",
    )
    odd = (
        whole(f"<p>{spelled}</p>".encode())
        if spelled == CANARY
        else whole(f'{{"you": ["said", "{spelled}"]}}'.encode())
    )
    failed = whole(
        f'{{"code": 200, "data": {{"taskId": "t", "state": "failed", "failMsg": "{spelled}", "failCode": "{spelled}"}}}}'.encode()
    )
    with Gateway(submits=[refused, odd, told(taskId="t")], statuses=[failed]) as gateway:
        mj = opened(base_url=gateway.url)
        shown = [outcome(mj.imagine(f"a fox {n}")) for n in range(3)]
    assert "[key]" in shown[0]
    assert_absent(*shown, bytes_of(tmp_path), mj.history().to_csv(), inside(mj))


@pytest.mark.parametrize(
    "options",
    [{"gateway": "apixp"}, {"provider": "none"}, {"time_scale": -1}, {"base_url": "http://example.com"}, {"prices": 5}, {"concurrency": 0}, {"timeout": "x"},
     {"store": "/dev/null/no"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("source", ["argument", "environment", ".env"])
def test_a_session_that_cannot_be(monkeypatch, tmp_path, options, source):
    """A setting that cannot be leaves no key in the variables of its traceback, wherever the key came from."""
    given = {"gateway": "apixo", "quiet": True, "store": tmp_path / "s", **options}
    if source == "argument":
        given["api_key"] = CANARY
    elif source == "environment":
        monkeypatch.setenv("APIXO_API_KEY", CANARY)
    else:
        (tmp_path / ".env").write_text(f"APIXO_API_KEY={CANARY}\n")
    with pytest.raises(errors.MjnbError) as caught:
        Session(**given)
    assert_absent(shown_of_error(caught.value))


def test_a_dotenv_that_cannot_be_read(tmp_path):
    """The error about a broken `.env` does not hold what could be read of it."""
    (tmp_path / ".env").write_bytes(f"APIXO_API_KEY={CANARY}\n".encode() + b"\xff\xfe")
    with pytest.raises(errors.SetupError, match=r"\.env cannot be read") as caught:
        find_place()
    assert_absent(shown_of_error(caught.value))


def test_a_key_that_no_gateway_has():
    """A key that was copied with a blank is not repeated."""
    with pytest.raises(errors.SetupError, match="copy it again") as caught:
        Session("apixo", api_key=f"{CANARY} ", quiet=True)
    assert_absent(shown_of_error(caught.value))


# -- what is kept and shown ----------------------------------------------------------------------------------------


def test_nothing_that_is_kept_holds_it(opened, tmp_path):
    """Reports, sheets, tables, pickles, the ledger with its journal and every picture are without it."""
    mj = opened()
    run = mjnb.Sweep("a fox", chaos=[0, 100]).start(mj, budget=5)
    df = run.result(timeout=30)
    df.mj.report(tmp_path / "report.html")
    for number, page in enumerate(
        df.mj.sheet(rows="chaos").pages if hasattr(df.mj.sheet(rows="chaos"), "pages") else []
    ):
        page.save(tmp_path / f"sheet-{number}.png")
    df.to_parquet(tmp_path / "df.parquet")
    df.to_csv(tmp_path / "df.csv")
    task = mj.task(df["task_id"].iloc[0])
    pickles = [
        pickle.dumps(one)
        for one in (df, task, task.request, run.plan.facts() if hasattr(run, "plan") else {})
    ]
    for holder in (mj, mj.place, run):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)) as caught:
            pickle.dumps(holder)
        assert_absent(shown_of_error(caught.value))
    assert (tmp_path / "s" / "ledger.sqlite-wal").stat().st_size
    assert_absent(
        bytes_of(tmp_path),
        *pickles,
        mj.history().to_string(),
        run._repr_html_() if hasattr(run, "_repr_html_") else "",
    )


def test_no_object_shows_it(opened):
    """No repr of a session, its parts and what it made shows it, several floors down."""
    mj = opened()
    run = mjnb.Sweep("a fox", chaos=[0]).start(mj, budget=5)
    run.result(timeout=30)
    runner = mj._runner
    for one in (
        mj,
        mj.place,
        mj.dialect,
        mj.store,
        runner,
        runner.client,
        runner.client._tails,
        run,
        mj.task("x"),
        mj.clock,
    ):
        assert_absent(inside(one), str(one), f"{one}")
    assert isinstance(mj.place.key, SecretStr)


def test_no_widget_sends_it(opened):
    """What widgets tell a page, and what a saved notebook keeps of them, is without it."""
    mj = opened()
    run = mjnb.Sweep("a fox", chaos=[0, 100]).start(mj, budget=5)
    run.result(timeout=30)
    form = mjnb.RequestForm("text-to-image", mj, prompt="a fox")
    shown = [form, mjnb.SweepForm(mj), mjnb.Studio(mj), run.board()]
    bundles = [repr(one._repr_mimebundle_()) for one in shown]
    states = repr(
        dependency_state(shown, drop_defaults=False)
    )  # of these alone: other tests leave theirs half closed
    assert "a fox" in states
    assert_absent(states, *bundles, *map(repr, shown))


def test_an_embedded_simulator_does_not_keep_it(tmp_path):
    """A key that is given for the embedded simulator is not in its books."""
    mj = Session("simulator", api_key=CANARY, store=tmp_path / "s", time_scale=600, quiet=True)
    mj.imagine("a fox").result(timeout=30)
    assert_absent(bytes_of(tmp_path), inside(mj))
    mj.close().result(timeout=20)


BOOK = """
import mjnb, warnings
warnings.simplefilter("ignore")
mj = mjnb.Session("apixo", base_url="{url}", time_scale=600, timeout=1e5)
mj
---
run = mjnb.Sweep("a fox", chaos=[0, 100]).start(mj, budget=5)
run
---
df = await run
df.mj.thumbs()
---
%load_ext mjnb
---
%%imagine
a lighthouse at dusk --chaos 20
---
run.board()
---
mjnb.RequestForm("text-to-image", mj)
---
mj.history()
---
%xmode Verbose
await mj.imagine("gore")
---
await mj.close()
"""


def test_an_executed_notebook_does_not_hold_it(monkeypatch, tmp_path, simulator):
    """A notebook that was run with a key, its outputs, a verbose traceback and its saved widgets are without it."""
    monkeypatch.setenv("APIXO_API_KEY", CANARY)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    cells = BOOK.format(url=simulator(api_key=CANARY).url).strip().split("\n---\n")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(
        book,
        timeout=60,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    file = io.StringIO()
    nbformat.write(book, file)
    tracebacks = [
        out for cell in book.cells for out in cell.get("outputs", ()) if out.output_type == "error"
    ]
    assert [out.ename for out in tracebacks] == ["ContentViolation"], json.dumps(tracebacks)[:2000]
    assert book.metadata.widgets
    assert_absent(file.getvalue(), bytes_of(tmp_path))
