"""The simulator's painter: pictures that stand in for Midjourney's, and that show every parameter by a law.

A picture is a function of its :class:`Picture` alone: the same description gives the same pixels, in any thread, at any
time. Every shape is measured in short sides, so that another size shows the same picture. Words of the prompt (in some
ten languages) choose subject, place, hour, season, weather and colour; what they leave open is drawn from a hash.

The law, which the tests measure:

============ ============================== ===============================================================================
Parameter    Range                          What it does
============ ============================== ===============================================================================
chaos        0-100                          How far the four pictures (index 0-3) lie apart: every number of a picture is
                                            mixed from the task's (1 - weight) and its own (weight), weight = 7 % at 0 and
                                            100 % at 100. At 0 they share composition and palette; at 100 each has its own
                                            palette, light, horizon, framing and arrangement.
stylize      0-1000                         From plain to ornate, by the square root: at 0 flat and muted; then colour, light,
                                            rays, texture and flowers; from 180 on gold rings around the sun, filigree in the
                                            sky, scales on the water, contours on the hills; above 700 a border.
weird        0-3000                         From natural to surreal: waves and swirls, hues that turn and drift, more moons and
                                            floating islands; above 1050 a moon looks back, above 1500 the land hangs from the
                                            sky as well.
version      v6, v6.1, v7, niji 6, niji 7   A hand of its own: soft brushwork; crisp; film light with depth, blur and grain; ink
                                            outlines over flat cel shading; fine ink, screentone and vivid skies. Unknown
                                            versions get the nearest hand.
aspect       "W:H"                          Kept; short side = ``short_side``, both sides even.
seed         any integer                    Another task of the same kin: 40 % of every number.
references   URLs                           Each draws the palette towards its own. A task without a prompt shows what its
                                            references show: a blend.
============ ============================== ===============================================================================

A ``change`` of a ``parent`` keeps the parent's own settings:

================ ==========================================================================================================
Change           What it does
================ ==========================================================================================================
crop             The parent itself: the same size, the same pixels.
standard, 2x     The same picture with twice the sides; 4x: four times (a short side stays at 2048 pixels at most).
creative         Twice the sides, a little more detail, a few percent of new chance.
subtle, strong   A variation: 14 % or 50 % of new chance; strong also follows a new prompt's words.
remix_subtle,    A variation by as much that follows a new prompt's words.
remix_strong
zoom_1.5, zoom_2 The parent in the middle, that much smaller; its land and sky go on around it, without its subject.
pan_left, ...    Longer by half to that side (left, right, up, down), where its land and sky go on.
square           As wide as it is high, its land and sky go on along the shorter side.
paint            The prompt's subject (an object of the prompt's own where the painter knows none) inside ``region`` alone;
                 what lies outside is the parent's, pixel by pixel. On a larger ``canvas`` the parent lies at ``placement``,
                 and its land and sky go on where the region asks for it.
================ ==========================================================================================================

Every picture carries the word "simulated" in its lower right corner, and says so in its JPEG comment and EXIF.

Example:
    >>> paint(Picture("a lighthouse at dusk", aspect="3:2", short_side=64)).size
    (96, 64)
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from PIL import Image

from mjnb.simulator.painting.mark import COMMENT, put_mark
from mjnb.simulator.painting.picture import Picture
from mjnb.simulator.painting.render import render

if TYPE_CHECKING:
    from PIL.Image import Image as Painting

__all__ = ["Picture", "encoded", "paint", "paint_jpeg", "put_mark", "unmarked"]

QUALITY: Final = 88  # of the JPEG: the encoder's own scale, where 95 is its best
_DESCRIPTION: Final = 0x010E  # EXIF tags
_SOFTWARE: Final = 0x0131


def paint(picture: Picture) -> Painting:
    """Paint a picture.

    Args:
        picture: What to paint.

    Returns:
        An RGB image of ``picture.size``, with the mark in its corner.

    Raises:
        ValueError: The aspect or the canvas has no area, or ``change`` is not known.

    Example:
        >>> first, again = (paint(Picture("koi pond", short_side=32)) for _ in range(2))
        >>> first == again
        True
    """
    image = unmarked(picture)
    put_mark(image)
    return image


def unmarked(picture: Picture) -> Painting:
    """Paint a picture without its mark, for those who will change it and put the mark on what they make of it."""
    return render(picture, picture.size)


def paint_jpeg(picture: Picture) -> bytes:
    """Paint a picture and encode it as a JPEG that says, in its comment and EXIF, that it was simulated.

    Args:
        picture: What to paint.

    Raises:
        ValueError: As for :func:`paint`.

    Example:
        >>> b"not a Midjourney picture" in paint_jpeg(Picture("koi pond", short_side=32))
        True
    """
    return encoded(paint(picture))


def encoded(image: Painting) -> bytes:
    """Return a painted picture as a JPEG that says, in its comment and EXIF, that it was simulated."""
    exif = Image.Exif()
    exif[_DESCRIPTION] = COMMENT
    exif[_SOFTWARE] = "mjnb simulator"
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY, comment=COMMENT.encode(), exif=exif)
    return file.getvalue()
