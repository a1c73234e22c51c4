"""What requests are made of: models whose values are read by rules, and the parts that have fields of their own.

A mask, a canvas and the picture's place on it follow APIXO's upload-paint mode
(https://apixo.ai/docs/models/image/midjourney): pixels, counted from the top left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from mjnb.errors import InvalidRequest
from mjnb.fields import MaskLink, Points, Rule, Whole

__all__ = ["Area", "Canvas", "Checked", "ImagePosition", "Mask", "Part", "Parts", "rule"]

Pixels = Annotated[int, Whole("Size in pixels.", 1)]
Offset = Annotated[int, Whole("Offset in pixels from the top left.", 0)]


class Checked(BaseModel):
    """A model whose every value is read by the rule in its annotation; what is wrong comes out as `InvalidRequest`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
    _title: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _names(cls, values: Any) -> Any:
        if isinstance(values, cls):
            return values
        if not isinstance(values, dict):
            raise InvalidRequest(cls._title, values, f"fields by name: {', '.join(cls.model_fields)}")
        for name in values:
            if name not in cls.model_fields:
                raise InvalidRequest.unknown_name(str(name), cls._title, cls.model_fields)
        for name in _required(cls):
            if values.get(name) is None:
                raise InvalidRequest(name, None, f"required for {cls._title}: {rule(cls, name).allowed}")
        return values

    @field_validator("*", mode="before")
    @classmethod
    def _values(cls, value: Any, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        return value if value is None else rule(cls, name).read(name, value)

    def __repr__(self) -> str:
        """Show what is set, ready to be pasted back."""
        inner = ", ".join(f"{name}={value!r}" for name, value in self.given().items())
        return f"{type(self).__name__}({inner})"

    __str__ = __repr__

    def given(self) -> dict[str, Any]:
        """Return the fields that are set, by Python name."""
        return {name: value for name, value in self.__dict__.items() if value is not None}


@cache
def _required(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, info in model.model_fields.items() if info.is_required())


@cache
def rule(model: type[BaseModel], name: str) -> Rule:
    """Return the rule of one field.

    >>> rule(Canvas, "width").allowed
    'an integer of at least 1'
    """
    found = [item for item in model.model_fields[name].metadata if isinstance(item, Rule)]
    return found[0] if found else Rule("")


@dataclass(frozen=True, slots=True)
class Part(Rule):
    """A value that is a model of its own; a dict is read as one."""

    model: type[Checked]

    @property
    def allowed(self) -> str:
        """Say what it is made of."""
        return f"a {self.model.__name__}({', '.join(self.model.model_fields)})"

    def read(self, name: str, value: Any) -> Any:
        """Return the part, built from a dict where needed."""
        if isinstance(value, self.model):
            return value
        if not isinstance(value, Mapping):
            raise self.refuse(name, value)
        return _within(name, self.model, value)


@dataclass(frozen=True, slots=True)
class Parts(Part):
    """A list of such values."""

    @property
    def allowed(self) -> str:
        """Say what it is made of."""
        return f"a list of {self.model.__name__}({', '.join(self.model.model_fields)})"

    def read(self, name: str, value: Any) -> Any:
        """Return the part, built from a dict where needed."""
        if not isinstance(value, list | tuple) or not value:
            raise self.refuse(name, value)
        one = Part(self.help, self.model)
        return tuple(one.read(f"{name}[{i}]", item) for i, item in enumerate(value))


def _within(name: str, model: type[Checked], values: Mapping[str, Any]) -> Checked:
    """Build a part of a request; its errors name the way to the field."""
    try:
        return model.model_validate(dict(values))
    except InvalidRequest as error:
        raise error.inside(name) from None


class Area(Checked):
    """A polygon to paint anew, inside a frame of `width` × `height` pixels; either winding."""

    _title = "a mask's area"
    width: Pixels
    height: Pixels
    points: Annotated[tuple[int, ...], Points("The polygon's corners.")]

    @model_validator(mode="after")
    def _inside(self) -> Self:
        for i, value in enumerate(self.points):
            limit = self.height if i % 2 else self.width
            if value > limit:
                raise InvalidRequest(
                    f"points[{i}]",
                    value,
                    f"within the area's own {self.width} × {self.height}",
                    nearest=limit,
                )
        return self


class Mask(Checked):
    """What to paint anew: polygons, or a black-and-white picture of the original's size (white is painted anew).

    Both are counted in the pixels of the picture, from its top left, also when it lies on a larger canvas. Two masks of
    polygons are joined by `Mask(areas=a.areas + b.areas)`.
    """

    _title = "a mask"
    areas: Annotated[tuple[Area, ...] | None, Parts("Polygons.", Area)] = None
    url: Annotated[str | None, MaskLink("A black-and-white picture.")] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.areas is None) == (self.url is None):
            raise InvalidRequest("areas", self.areas, "either areas or url, not both and not neither")
        return self

    # Pictures are read in `mjnb.masks`, above: these four alone reach up, when they are called.

    @classmethod
    def polygon(cls, points: Any, *, size: Any) -> Self:
        """Paint a polygon anew.

        Args:
            points: Its corners in pixels, `[(x1, y1), …]` or `[x1, y1, …]`; what lies outside the picture is cut off.
            size: The picture's width and height, or the picture: an `Image`, a Pillow image, a path.

        Raises:
            InvalidRequest: Fewer than three corners, or nothing of it lies inside the picture.

        >>> Mask.polygon([(0, 0), (0, 90), (90, 0)], size=(100, 100))
        Mask(areas=(Area(width=100, height=100, points=(90, 0, 0, 90, 0, 0)),))
        """
        from mjnb import masks

        return cls(areas=(masks.area_of(masks.corners(points), size),))

    @classmethod
    def box(cls, x: float, y: float, width: float, height: float, *, size: Any) -> Self:
        """Paint a box anew: its top left corner, width and height in pixels; see `polygon`.

        >>> Mask.box(-10, 20, 40, 40, size=(100, 100))
        Mask(areas=(Area(width=100, height=100, points=(0, 20, 30, 20, 30, 60, 0, 60)),))
        """
        from mjnb import masks

        return cls(areas=(masks.within(masks.box, (x, y, width, height), size),))

    @classmethod
    def ellipse(cls, x: float, y: float, width: float, height: float, *, size: Any) -> Self:
        """Paint anew the ellipse that fills a box, as a polygon of 32 corners or more; see `box`.

        >>> len(Mask.ellipse(10, 10, 80, 80, size=(100, 100)).areas[0].points) // 2
        32
        """
        from mjnb import masks

        return cls(areas=(masks.within(masks.ellipse, (x, y, width, height), size),))

    @classmethod
    def from_image(cls, image: Any, *, as_: Literal["url", "areas"] = "url") -> Self:
        """Paint anew what is white in a picture, or not zero in an array.

        Args:
            image: Path or bytes of a PNG, JPEG or WebP, a Pillow image, or an array of height × width; of the size of
                the picture that it is for.
            as_: `"url"` carries the mask itself as a PNG in base64, exact to the pixel; `"areas"` traces it as polygons.

        Raises:
            InvalidRequest: It is no picture, or nothing in it is white.
        """
        from mjnb import masks

        return cls(**masks.fields_of(image, as_))


class Canvas(Checked):
    """The size of the result's frame in pixels."""

    _title = "a canvas"
    width: Pixels
    height: Pixels


class ImagePosition(Checked):
    """Size and place of the original on the canvas, in pixels."""

    _title = "an image position"
    width: Pixels
    height: Pixels
    x: Offset
    y: Offset
