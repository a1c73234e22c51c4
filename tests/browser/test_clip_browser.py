"""The simulator's clips in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mjnb.simulator import ManualClock, Server
from mjnb.simulator.tasks import Drawing, Order

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

_PLAY = """video => new Promise((done, fail) => {
    video.onended = () => done([video.videoWidth, video.videoHeight, video.duration, video.currentTime,
        video.getVideoPlaybackQuality().corruptedVideoFrames]);
    video.onerror = () => fail(video.error.message);
    video.playbackRate = 4;
    video.play();
})"""


def test_chromium_plays_a_clip_to_its_end(page: Page, console: list[str]) -> None:
    """A `<video>` shows the poster, knows the clip's size and length, plays all of it and can go back."""
    clock = ManualClock()
    with Server(clock=clock) as server:
        order = Order("test", Drawing("a lighthouse at dusk", aspect="16:9"), 1, (5, 5), kind="video")
        task = server._world.accept("a", order)
        clock.advance(10)
        files = f"{server.url}/files/{task.id}"
        page.set_content(f'<video muted poster="{files}/0.jpg" src="{files}/0.webm"></video>')
        video = page.locator("video")
        assert video.evaluate(_PLAY) == [456, 256, 2, 2, 0]
        back = "video => new Promise(done => { video.onseeked = () => done(video.currentTime); video.currentTime = 0.5; })"
        assert video.evaluate(back) == pytest.approx(0.5)
    assert console == []
