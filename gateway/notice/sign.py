"""The sign at the entrance of the street: one drawing, in millimetres, from which SVG and PDF are made.

Rules of this file
- Size, drawing and particulars are those of the royal decree of 10 February 2008, as amended by that of 28 May 2018:
  0.60 x 0.40 m, the camera above, below it the act, the controller and whoever speaks for it, the address and the
  e-mail address or telephone number, the data protection officer, the website (docs/privacy.md).
- The camera is our own drawing; compare it with the model in the annex of the decree before the sign is ordered.
- Origin in the upper left corner, y downwards. What does not fit is set smaller, down to SMALLEST; then it is an error.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from gateway.errors import ConfigError
from gateway.notice import lettering

WIDTH, HEIGHT = 600.0, 400.0
YELLOW, BLACK, WHITE = "#ffd400", "#000000", "#ffffff"
PANEL = (24.0, 196.0, 552.0, 180.0)  # x, y, width, height of what is written
LEADING = 1.28
LARGEST = 1.3
SMALLEST = 0.55  # of the sizes that command.py gives: 6 mm, read from two metres
PADDING = 12.0


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed shape; `stroke` in millimetres, 0 for none."""

    corners: tuple[tuple[float, float], ...]
    fill: str
    stroke: float = 0.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle; `radius` rounds its corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str
    stroke: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """A line, centred on `x`, its letters standing on `y`; `size` in millimetres."""

    x: float
    y: float
    size: float
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What is written: `size` in millimetres when there is neither too little room nor more. `whole`: on one line."""

    text: str
    size: float
    bold: bool = False
    whole: bool = False


Shape = Polygon | Rectangle | Text


def drawing(lines: Sequence[Line]) -> list[Shape]:
    """Return the sign with `lines` on it, from back to front. `ConfigError` when they do not fit legibly."""
    x, y, width, height = PANEL
    return [
        Rectangle(0, 0, WIDTH, HEIGHT, 0, YELLOW),
        Rectangle(6, 6, WIDTH - 12, HEIGHT - 12, 14, YELLOW, 5),
        *_camera(),
        Rectangle(x, y, width, height, 8, WHITE, 2.5),
        *_written(lines),
    ]


def svg(shapes: Sequence[Shape]) -> str:
    """Return the drawing as an SVG document of its true size."""
    body = "\n".join(_element(shape) for shape in shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-family="{lettering.FAMILY}">\n{body}\n</svg>\n'
    )


def _element(shape: Shape) -> str:
    if isinstance(shape, Text):
        weight = ' font-weight="bold"' if shape.bold else ""
        return (
            f'<text x="{shape.x:g}" y="{shape.y:.2f}" font-size="{shape.size:.2f}"{weight} text-anchor="middle">'
            f"{escape(shape.text)}</text>"
        )
    paint = f'fill="{shape.fill}"'
    if shape.stroke:
        paint += f' stroke="{BLACK}" stroke-width="{shape.stroke:g}" stroke-linejoin="round"'
    if isinstance(shape, Rectangle):
        return (
            f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" height="{shape.height:g}" '
            f'rx="{shape.radius:g}" {paint}/>'
        )
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in shape.corners)
    return f'<polygon points="{points}" {paint}/>'


def _camera() -> list[Shape]:
    """Return a camera on a wall bracket that looks down to the left."""

    def turned(*corners: tuple[float, float]) -> tuple[tuple[float, float], ...]:
        """Return `corners` of a camera that looks straight to the left, turned down about the middle of its body."""
        angle = math.radians(-14)
        return tuple(
            (
                292 + x * math.cos(angle) - y * math.sin(angle),
                96 + x * math.sin(angle) + y * math.cos(angle),
            )
            for x, y in corners
        )

    return [
        Rectangle(424, 96, 18, 86, 4, BLACK),  # on the wall
        Polygon(((428, 132), (428, 148), (352, 148), (330, 104), (346, 96), (364, 132)), BLACK),  # its arm
        Polygon(turned((-100, -34), (100, -34), (100, 38), (-100, 38)), WHITE, 7),
        Polygon(turned((-132, -52), (116, -52), (116, -32), (-132, -32)), BLACK, 3),  # its roof
        Polygon(turned((-122, -22), (-100, -22), (-100, 30), (-122, 30)), BLACK, 3),
        Polygon(turned((-140, -12), (-122, -12), (-122, 20), (-140, 20)), BLACK, 3),  # its lens
    ]


def _written(lines: Sequence[Line]) -> list[Shape]:
    x, y, width, height = PANEL
    scale = LARGEST
    while scale >= SMALLEST:
        wrapped = [piece for line in lines for piece in _pieces(line, width - 2 * PADDING, scale)]
        tall = sum(line.size * LEADING for line in wrapped)
        widest = max(lettering.width(line.text, line.size, bold=line.bold) for line in wrapped)
        if tall <= height - 2 * PADDING * 0.7 and widest <= width - 2 * PADDING:
            break
        scale -= 0.025
    else:
        raise ConfigError(
            "controller: its particulars do not fit on the sign in letters that can be read; shorten them"
        )
    shapes: list[Shape] = []
    at = y + (height - tall) / 2
    for line in wrapped:
        at += line.size * LEADING
        shapes.append(Text(x + width / 2, at - line.size * 0.32, line.size, line.text, line.bold))
    return shapes


def _pieces(line: Line, wide: float, scale: float) -> list[Line]:
    """Return `line` at `scale`, in as many lines as it needs; one that stays whole is set smaller instead."""
    size = line.size * scale
    if line.whole:
        size *= min(1.0, wide / lettering.width(line.text, size, bold=line.bold))
        return [Line(line.text, size, line.bold)]
    return [Line(piece, size, line.bold) for piece in wrap(line.text, wide, size, bold=line.bold)]


def wrap(text: str, wide: float, size: float, *, bold: bool = False) -> list[str]:
    """Return `text` in lines of at most `wide` millimetres; a word that is wider stays whole."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and lettering.width(longer, size, bold=bold) > wide:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
