"""The marker of view.mp4: where the sound comes from at a moment, on the picture and on a dial in the strip.

Rules of this file
- The camera hangs with the microphones and looks straight ahead: a bearing of 0 is the middle of the picture.
- Only with a stated field of view is anything drawn on the picture: a bearing is then a column of it, as a pinhole
  camera sees it. A triangle stands below it, at the lower edge; what is outside of the picture has one that points out.
- The dial is what the microphones say, whatever the camera sees; without a bearing it is empty.
"""

import math
from dataclasses import dataclass

from PIL import ImageDraw

DIAL = 84  # pixels, its width; half as high
ASIDE_DEG = 90.0  # no picture reaches so far
MARK = 9  # pixels, half the width of a triangle
COLOUR = (255, 208, 0)
EDGE = (20, 20, 20)
FAINT = (120, 120, 120)


@dataclass(frozen=True, slots=True)
class Pointer:
    """`degrees` from straight ahead, negative to the left, None when the sound comes from no one direction.

    `view_deg` is the camera's horizontal field of view, None when it is not stated.
    """

    degrees: float | None
    view_deg: float | None = None


def column(degrees: float, view_deg: float, width: int) -> float:
    """Return where in a picture of `width` pixels a bearing is; under 0 or over `width` when it is not in it."""
    if abs(degrees) >= ASIDE_DEG:
        return math.copysign(math.inf, degrees)
    half = width / 2
    return half + half * math.tan(math.radians(degrees)) / math.tan(math.radians(view_deg / 2))


def draw(on: ImageDraw.ImageDraw, pointer: Pointer, picture: tuple[int, int], strip: int) -> None:
    """Draw `pointer` on a sheet: the picture of width and height `picture`, and the strip under it, `strip` high."""
    width, height = picture
    _dial(on, pointer.degrees, width - DIAL // 2 - 6, height + strip - 4, DIAL // 2)
    if pointer.degrees is None or pointer.view_deg is None:
        return
    at = column(pointer.degrees, pointer.view_deg, width)
    if 0 <= at <= width:
        base, tip = height - 1, height - 2 * MARK
        on.polygon([(at - MARK, base), (at + MARK, base), (at, tip)], COLOUR, EDGE)
    else:
        tip = 0 if at < 0 else width - 1
        base, middle = (2 * MARK, height // 2) if at < 0 else (width - 2 * MARK, height // 2)
        on.polygon([(base, middle - MARK), (base, middle + MARK), (tip, middle)], COLOUR, EDGE)


def _dial(on: ImageDraw.ImageDraw, degrees: float | None, x: int, y: int, radius: int) -> None:
    """Draw a half circle round (x, y), open below, and the hand at `degrees`."""
    on.arc((x - radius, y - radius, x + radius, y + radius), 180, 360, FAINT, 2)
    for tick in (-45, 0, 45):
        on.line([_point(x, y, radius - 4, tick), _point(x, y, radius, tick)], FAINT, 1)
    if degrees is not None:
        on.line([(x, y), _point(x, y, radius - 2, degrees)], COLOUR, 4)


def _point(x: int, y: int, radius: int, degrees: float) -> tuple[float, float]:
    return x + radius * math.sin(math.radians(degrees)), y - radius * math.cos(math.radians(degrees))
