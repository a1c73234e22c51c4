"""The files of a store against its ledger: what is missing, damaged, unknown or half; nothing is deleted, it is moved."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb import clips, images
from mjnb.disk import write_whole
from mjnb.doctor.report import Finding
from mjnb.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Files", "is_as_written"]

_RESCUE = "`await mj.rescue()` fetches it again where the gateway still has it, and costs nothing"
_WIDE = images.Bounds(1_000_000_000, 1_000_000_000)  # what a session may have been allowed to keep
_TASKS_OF_ONE = 4096  # pictures of one task that we would look for, at most


@dataclass
class Files:
    """Looks at the pictures of a store.

    Args:
        root: The store's folder.
        tasks: How many pictures each row has by its URLs, by its name.
        pictures: The ledger's lines of pictures: `row`, `idx`, `path`, `bytes`, `sha256`.
        living: Sessions that have the store open: what they write is left alone.
        repair: Whether to mend what can be.
        quick: Whether to compare sizes only.
    """

    root: Path
    tasks: Mapping[str, int]
    pictures: Sequence[Mapping[str, Any]]
    living: frozenset[str] = frozenset()
    repair: bool = False
    quick: bool = False

    def __post_init__(self) -> None:
        self.found: list[dict[str, Any]] = []  # pictures that the ledger had lost
        self._taken: dict[str, set[str]] = defaultdict(set)
        for item in self.pictures:
            self._taken[item["row"]].add(str(item["idx"]))

    def look(self) -> Iterator[Finding]:
        """Yield what is not as it should be, mended where that was asked for."""
        yield from self._halves()
        for item in self.pictures:
            yield from self._picture(item)
        for folder in self._folders():
            if folder.name not in self.tasks:
                yield self._away(folder, "orphan", "a folder of pictures that no row of the ledger has")
            else:
                yield from self._forgotten(folder)
        for row, places in self.tasks.items():
            lacking = {str(index) for index in range(places)} - self._taken[row]
            yield from (self._missing(row, int(index)) for index in sorted(lacking))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _folders(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return sorted(
                path
                for path in (self.root / "pictures").iterdir()
                if path.is_dir() and path.name != ".parts"
            )
        return []

    # -- halves ------------------------------------------------------------------------------------------------------

    def _halves(self) -> Iterator[Finding]:
        """Find what was being written when something ended."""
        found = [path for name in ("pictures", "references") for path in (self.root / name).rglob("*.part")]
        for path in sorted(found):
            writers = self.living  # any of them, but where the name tells which
            if path.parent.name == ".parts":
                writers = writers & {path.stem.partition("-")[0]}
            if not writers:
                yield self._away(path, "half", "a file that was never written to its end")

    def _away(self, path: Path, kind: str, what: str) -> Finding:
        """Tell of something that does not belong where it is, and move it to `orphans/`."""
        text = f"{self._name(path)}: {what}"
        if not self.repair:
            return Finding(kind, text, can_mend=True)
        target = self._free(self.root.joinpath("orphans", *path.relative_to(self.root).parts[1:]))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
        except OSError as error:
            return Finding(kind, f"{text}; it could not be moved: {error}")
        return Finding(kind, text, done=f"moved to {self._name(target)}")

    @staticmethod
    def _free(target: Path) -> Path:
        number, free = 1, target
        while free.exists():
            number += 1
            free = target.with_name(f"{target.name}.{number}")
        return free

    # -- pictures of the ledger --------------------------------------------------------------------------------------

    def _picture(self, item: Mapping[str, Any]) -> Iterator[Finding]:
        path = self.root / item["path"]
        if not path.exists():
            yield self._missing(item["row"], item["idx"])
        elif not is_as_written(self.root, item, quick=self.quick):
            moved = self._away(
                path, "damaged", f"not as it was written; picture {item['idx']} of row {item['row']}"
            )
            yield moved if not moved.done else Finding("damaged", moved.text, (_RESCUE, moved.done))
        else:
            yield from self._thumb(path)

    @staticmethod
    def _missing(row: str, index: int) -> Finding:
        return Finding("missing", f"picture {index} of row {row} is not on disk", (_RESCUE,))

    def _thumb(self, path: Path) -> Iterator[Finding]:
        thumb = images.thumb_path(path)
        source = clips.poster_path(path) if clips.is_clip(path) else path
        if not source.exists() or (thumb.exists() if self.quick else _is_whole(thumb)):
            return
        what = "broken" if thumb.exists() else "missing"
        text = f"{self._name(thumb)}: the thumbnail is {what}"
        if not self.repair:
            yield Finding("thumbnail", text, can_mend=True)
            return
        try:
            write_whole(thumb, images.thumbnail(source.read_bytes(), bounds=_WIDE), lasting=False)
        except (PictureError, OSError) as error:
            yield Finding("thumbnail", f"{text}, and cannot be made: {error}")
        else:
            yield Finding("thumbnail", text, done="made again")

    # -- what the ledger does not name -------------------------------------------------------------------------------

    def _forgotten(self, folder: Path) -> Iterator[Finding]:
        """Find pictures of a row that the ledger has lost its lines of; other strangers are left alone."""
        for path in sorted(folder.iterdir()):
            index, _, rest = path.name.partition(".")
            if index in self._taken[folder.name] or rest in {"thumb.webp", "poster.jpg"}:
                continue
            line = self._lost(path, folder.name)
            if line is not None:
                self._taken[folder.name].add(index)
                yield self._adopted(line)

    def _lost(self, path: Path, row: str) -> dict[str, Any] | None:
        """Read a whole picture that the ledger has lost its line of; None if it is none."""
        index, _, _ = path.name.partition(".")
        if not (
            index.isdecimal() and int(index[:5]) < min(self.tasks[row], _TASKS_OF_ONE) and path.is_file()
        ):
            return None
        try:
            width, height = _sides(path)
            line = {
                "row": row,
                "idx": int(index),
                "path": self._name(path),
                "width": width,
                "height": height,
            }
            return {**line, "bytes": path.stat().st_size, "sha256": _digest(path)}
        except (PictureError, OSError):
            return None

    def _adopted(self, line: dict[str, Any]) -> Finding:
        text = f"{line['path']}: a whole picture that its row has forgotten"
        if not self.repair:
            return Finding("forgotten", text, can_mend=True)
        self.found.append(line)
        return Finding("forgotten", text, done="written into the ledger again")


def is_as_written(root: Path, item: Mapping[str, Any], *, quick: bool = False) -> bool:
    """Tell whether a picture's file is what its line in the ledger says, or, `quick`, at least as long."""
    path = root / item["path"]
    with contextlib.suppress(OSError):
        return path.stat().st_size == item["bytes"] and (quick or _digest(path) == item["sha256"])
    return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sides(path: Path) -> tuple[int, int]:
    """Return a picture's width and height once all of it has been decoded; 0 and 0 of a clip."""
    if clips.is_clip(path):
        data = path.read_bytes()
        if clips.sniff(data) is None or clips.is_short(data):
            raise PictureError("no whole clip")
        return 0, 0
    info = images.inspect(path.read_bytes(), _WIDE)
    if info.format != path.suffix.lstrip("."):
        raise PictureError("not what its name says")
    return info.width, info.height


def _is_whole(thumb: Path) -> bool:
    with contextlib.suppress(PictureError, OSError):
        return images.inspect(thumb.read_bytes()).format == "webp"
    return False
