"""Everything that can be asked for, one method a mode: what a gateway does not have is refused, naming those that do."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mjnb import modes as m
from mjnb.clips import is_clip
from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.fields import a_clip
from mjnb.gateways import who_takes
from mjnb.session.listening import Listening
from mjnb.store.parents import elsewhere
from mjnb.tasks import Image, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mjnb.jobs import Job

    Picture = str | Path | Image

__all__ = ["Deeds", "id_of"]

_MAX_REFERENCE = 10_000_000  # bytes of a reference picture


class Deeds(Listening):
    """One method a mode. Each returns a job for the finished task, its pictures on disk.

    Each takes `reuse=True` to have an earlier equal task from the ledger instead of paying for a new one, and the rest of its
    request's fields by name. What is wrong raises `InvalidRequest` at once, with nothing sent; what the gateway does not
    have an `UnsupportedError` that names those that do. The job raises `TaskFailed` and the rest of the tree.
    """

    @abstractmethod
    def draw(self, request: m.Request, *, reuse: bool = False) -> Job[Task]:
        """Send a request of any mode and wait for its pictures."""

    # -- new pictures --------------------------------------------------------------------------------------------

    def imagine(
        self,
        prompt: str,
        image_urls: Sequence[Picture] | None = None,
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Draw four pictures from words, or from words and reference pictures.

        Args:
            prompt: What to draw; Midjourney's flags at its end become fields.
            image_urls: References by URL, pictures of earlier tasks, or a `Path` where the gateway takes files.
            reuse: Take an earlier equal task from the ledger instead of paying for a new one.
            params: Fields of `TextToImage`, e.g. `version="v7", chaos=20`.

        Returns:
            A job for the finished task, its pictures on disk.

        Raises:
            InvalidRequest: Nothing was sent (at once). The job raises `TaskFailed` and the rest of the tree.
        """
        if image_urls is None:
            return self.draw(m.TextToImage(prompt=prompt, **params), reuse=reuse)
        return self.draw(
            m.ImageToImage(prompt=prompt, image_urls=self._pictures(image_urls), **params), reuse=reuse
        )

    def blend(self, image_urls: Sequence[Picture], *, reuse: bool = False, **params: Any) -> Job[Task]:
        """Melt two to five pictures into four new ones, without any words; `params` are fields of `Blend`."""
        return self.draw(m.Blend(image_urls=self._pictures(image_urls), **params), reuse=reuse)

    def edit(
        self,
        image: Picture,
        prompt: str,
        mask: m.Mask | Mapping[str, Any] | None = None,
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Change a picture by words, with a mask only what is white in it; `params` are fields of `Edit`."""
        values = {"image_urls": self._pictures([image]), "mask": mask, **params}
        return self.draw(m.Edit(prompt=prompt, **values), reuse=reuse)

    def inpaint(
        self,
        image: Picture,
        prompt: str,
        mask: m.Mask | Mapping[str, Any],
        *,
        canvas: Any = None,
        img_pos: Any = None,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Paint part of a picture anew, in the way that the gateway has for it.

        Args:
            image: The picture's URL, or a picture of an earlier task; where the gateway works on its own tasks alone
                (APIMart), the latter.
            prompt: What the masked region shall show.
            mask: `Mask`: polygons, or a black-and-white picture (white is painted anew).
            canvas: Size of the result, where the gateway can paint around a picture (APIXO); None is the picture's own.
            img_pos: Where the picture lies on the canvas; None fills it.
            reuse: Take an earlier equal task from the ledger.
            params: Further fields of `UploadPaint`, `Edit` or `Inpaint`.
        """
        words = {"prompt": prompt, "mask": mask, **params}
        around = {
            name: value for name, value in (("canvas", canvas), ("img_pos", img_pos)) if value is not None
        }
        for name, value in around.items():
            self._check_around(name, value)
        if "upload-paint" in self.dialect.modes:
            return self._upload_paint(image, words, around, reuse)
        if "edit" in self.dialect.modes and not self.dialect.lacks("edit", "mask"):
            return self.draw(m.Edit(image_urls=self._pictures([image]), **words), reuse=reuse)
        task_id, index = self._whose(image)
        return self.draw(m.Inpaint(task_id=task_id, image_index=index, **words), reuse=reuse)

    def _check_around(self, name: str, value: Any) -> None:
        """Refuse to paint around a picture where the gateway only paints inside of it."""
        if "upload-paint" not in self.dialect.modes:
            error = UnsupportedError(name, value, f"{self.dialect.title} has no {name}")
            raise error.elsewhere(who_takes("upload-paint", name))

    def _upload_paint(
        self, image: Picture, words: dict[str, Any], around: dict[str, Any], reuse: bool
    ) -> Job[Task]:
        if "canvas" not in around and isinstance(image, Image) and image.width:
            around["canvas"] = {"width": image.width, "height": image.height}
        if "img_pos" not in around and "canvas" in around:
            size: m.Canvas = m.rule(m.UploadPaint, "canvas").read("canvas", around["canvas"])
            around["img_pos"] = {**size.given(), "x": 0, "y": 0}
        return self.draw(m.UploadPaint(image_urls=self._pictures([image]), **words, **around), reuse=reuse)

    def _whose(self, image: Picture) -> tuple[str, int]:
        """Find the task and the index of a picture in the ledger."""
        url = image.url if isinstance(image, Image) else str(image)
        entry = self.store.by_url(url, self.gateway)
        if entry is None:
            hint = "Give one of task.images."
            allowed = f"a picture of an earlier task: {self.dialect.title} paints in its own tasks alone"
            raise InvalidRequest("image", image, allowed, hint=hint)
        return entry.task_id, entry.urls.index(url)

    # -- going on from a task ------------------------------------------------------------------------------------

    def vary(
        self,
        task: Task | str,
        index: int,
        strength: Literal["subtle", "strong"] = "subtle",
        prompt: str | None = None,
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Draw four variations of picture `index` (0-3) of an earlier task."""
        values = {**self._of(task, index, prompt), "strength": strength, **params}
        return self.draw(m.Vary(**values), reuse=reuse)

    def upscale(
        self,
        task: Task | str,
        index: int,
        kind: Literal["standard", "creative", "2x", "4x"] = "standard",
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Enlarge picture `index` (0-3) of an earlier task."""
        return self.draw(m.Upscale(**{**self._of(task, index), "kind": kind, **params}), reuse=reuse)

    def reroll(self, task: Task | str, *, reuse: bool = False, **params: Any) -> Job[Task]:
        """Ask once more for what an earlier task was asked for: four new pictures."""
        return self.draw(m.Reroll(task_id=self._id_here(task), **params), reuse=reuse)

    def zoom(
        self,
        task: Task | str,
        index: int = 0,
        ratio: Literal["1.5x", "2x"] = "2x",
        prompt: str | None = None,
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Go back with the camera: picture `index` of an earlier task with more around it."""
        return self.draw(m.Zoom(**{**self._of(task, index, prompt), "ratio": ratio, **params}), reuse=reuse)

    def pan(
        self,
        task: Task | str,
        index: int,
        direction: Literal["left", "right", "up", "down"],
        prompt: str | None = None,
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Let picture `index` of an earlier task grow to one side."""
        values = {**self._of(task, index, prompt), "direction": direction, **params}
        return self.draw(m.Pan(**values), reuse=reuse)

    def remix(
        self,
        task: Task | str,
        index: int,
        strength: Literal["subtle", "strong"] = "subtle",
        prompt: str | None = None,
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Draw picture `index` (0-3) of an earlier task again, by other words (v8 and later)."""
        values = {**self._of(task, index, prompt), "strength": strength, **params}
        return self.draw(m.Remix(**values), reuse=reuse)

    def video(
        self,
        picture: Task | Picture,
        index: int | None = None,
        prompt: str | None = None,
        *,
        reuse: bool = False,
        **params: Any,
    ) -> Job[Task]:
        """Make short clips that begin with a picture.

        Args:
            picture: An earlier task or its id, with `index`; else a picture of an earlier task, or a URL.
            index: Which of the task's pictures, 0-3.
            prompt: What shall happen.
            reuse: Take an earlier equal task from the ledger.
            params: Fields of `Video`, e.g. `motion="low", resolution="720p"`.
        """
        if isinstance(picture, Task) or index is not None:
            if isinstance(picture, Path | Image):
                raise InvalidRequest("index", index, "an index only beside a task or its id")
            values = self._of(picture, 0 if index is None else index, prompt)
            return self.draw(m.Video(**{**values, **params}), reuse=reuse)
        return self.draw(
            m.Video(image_urls=self._pictures([picture]), prompt=prompt, **params), reuse=reuse
        )

    # -- words ---------------------------------------------------------------------------------------------------

    def describe(self, image: Picture, *, reuse: bool = False, **params: Any) -> Job[Task]:
        """Have four prompts written that would draw something like a picture: `(await mj.describe(image)).texts`."""
        return self.draw(m.Describe(image_urls=self._pictures([image]), **params), reuse=reuse)

    def shorten(self, prompt: str, *, reuse: bool = False) -> Job[Task]:
        """Have a prompt said in fewer words: `.texts` are some ways to."""
        return self.draw(m.Shorten(prompt=prompt), reuse=reuse)

    def translate(self, text: str, *, reuse: bool = False) -> Job[Task]:
        """Have a text translated to English: `.text`."""
        return self.draw(m.Translate(prompt=text), reuse=reuse)

    def seed(self, task: Task | str, *, reuse: bool = True) -> Job[Task]:
        """Ask which seed an earlier task was drawn with: `int((await mj.seed(task)).text)`."""
        return self.draw(m.SeedOf(task_id=self._id_here(task)), reuse=reuse)

    # -- what is handed over ------------------------------------------------------------------------------------

    def _of(self, task: Task | str, index: int, prompt: str | None = None) -> dict[str, Any]:
        """Name a picture of a task, and what it shall show."""
        values = {"task_id": self._id_here(task), "image_index": index}
        return values if prompt is None else {**values, "prompt": prompt}

    def _id_here(self, task: Task | str) -> str:
        """Return a task's id; refuse a task of another gateway, which the ledger need not know."""
        if isinstance(task, Task) and task.id and task.gateway != self.gateway:
            raise elsewhere(task.id, self.dialect, task.gateway, simulated=task.simulated)
        return id_of(task)

    def _pictures(self, images: Sequence[Picture] | Picture) -> list[Any]:
        some = [images] if isinstance(images, str | Image | Path) else images
        return [self._handed(image) if isinstance(image, Image) else image for image in some]

    def _handed(self, image: Image) -> Any:
        """Return where a kept picture lies at the gateway; its file, where its URL is that of a whole sheet."""
        if image.path is not None and is_clip(image.path):
            raise a_clip("image_urls", image)
        if "#quarter=" in image.url and image.path is not None and set(self.dialect.references) - {"url"}:
            return image.path
        return _url(image)


def id_of(task: Task | str) -> str:
    """Return a task's id.

    Raises:
        InvalidRequest: The gateway never took it, or it is no task.
    """
    found = task.id if isinstance(task, Task) else task
    if not isinstance(found, str) or not found:
        raise InvalidRequest(
            "task", task, "a task that the gateway has taken, or its id", hint="This one has no id there."
        )
    return found


def _url(image: Image) -> str:
    """Return where a kept picture lies at the gateway, unless it is known to be too large to be a reference."""
    if "#quarter=" in image.url:
        hint = "The gateway keeps the four as one sheet; upscale the picture first, and take that."
        raise InvalidRequest("image_urls", image, "a picture with a URL of its own", hint=hint)
    size = image.path.stat().st_size if image.path is not None and image.path.exists() else 0
    if size > _MAX_REFERENCE:
        hint = "Take the picture before it was enlarged."
        raise InvalidRequest(
            "image_urls", image, f"a picture of at most 10 MB; this one has {size / 1e6:.1f}", hint=hint
        )
    return image.url
