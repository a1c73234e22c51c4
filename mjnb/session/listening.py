"""Being called back by the gateway instead of asking it all the time."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

from mjnb.errors import SetupError
from mjnb.jobs import Job
from mjnb.session.base import BaseSession

if TYPE_CHECKING:
    from mjnb.callbacks import Receiver

__all__ = ["Listening"]


class Listening(BaseSession):
    """A session that can be called back."""

    _receiver: Receiver | None = None
    _listening: str | None = None
    _hanging_up: weakref.finalize[Any, Any] | None = None

    @property
    def listening(self) -> str | None:
        """Where callbacks reach this session, None while it does not listen."""
        return self._listening

    def listen(
        self, public_url: str | None = None, *, port: int = 0, host: str = "127.0.0.1"
    ) -> Job[str | None]:
        """Have the gateway call back when a task ends, from the next submission on, until the session is closed.

        A callback is only a hint: the task is then asked after, once. Without one a task is asked after seldom: first at twice its
        longest typical span, then every minute of gateway time. A callback also finds the task of a submission whose answer was
        lost. A gateway that documents no callbacks (APIMart) is asked as before, and an `AdviceWarning` says so.

        Args:
            public_url: The https address that leads to `port`, such as `"https://hub.example.org/user/me/proxy/8765"` with
                jupyter-server-proxy on a hub, or a tunnel's; whoever posts there must need no login. Not needed on a simulator.
            port: Where to listen on this machine; 0 takes a free one.
            host: On which of its addresses; the one that only this machine reaches will do for proxies and tunnels.

        Returns:
            A job for the address below which each task has a path of its own, None if the gateway does not call back.

        Raises:
            SetupError: The gateway could not reach that address, or the port is taken (by the job), or it listens elsewhere already.

        >>> from mjnb import Session
        >>> mj = Session("simulator", store="mjnb-doc", quiet=True)
        >>> mj.listen().result() == mj.listening
        True
        >>> mj.close().result()
        """
        from mjnb.callbacks import read_port, read_public_url

        if not self.dialect.callbacks:
            self._advise(
                [f"{self.dialect.title} documents no callbacks: its tasks are asked after as before"]
            )
            return self._job(_nowhere(), label="listening")
        base = read_public_url(public_url, simulated=self.simulated)
        return self._job(self._listen(base, host, read_port(port, base)), label="listening")

    async def _listen(self, base: str, host: str, port: int) -> str:
        from mjnb.callbacks import Receiver, load

        runner = await self.runner()
        await asyncio.to_thread(load)
        if self._listening is not None:
            if base and base != self._listening:
                raise SetupError(
                    f"This session listens already, at {self._listening}. Close it to listen elsewhere."
                )
            return self._listening
        receiver = Receiver(runner.hints.knows, runner.hints.hear)
        local = receiver.start(host, port)
        self._hanging_up = weakref.finalize(self, _hang_up, receiver)  # by a session that was never closed
        self._hanging_up.atexit = False
        self._receiver, self._listening = receiver, base or local
        await runner.hints.listen(self._listening)
        return self._listening

    async def _close(self) -> None:
        await super()._close()
        receiver, self._receiver, self._listening = self._receiver, None, None
        if receiver is not None and self._hanging_up is not None:
            self._hanging_up.detach()
            await receiver.aclose()


async def _nowhere() -> None:
    """Listen nowhere."""


def _hang_up(receiver: Any) -> None:
    Job(receiver.aclose(), label="hanging up")
