"""Plots as PNG, with Pillow: axes with units, lines, bars and a raster, in type that can be read.

Rules of this file
- Nothing of sound or signatures is known here; whoever draws gives numbers, labels and colours.
- A panel's values map to pixels in one place, `Panel.at`; what lies outside its spans is cut off at its edge.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Span: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[int, int, int]
Values: TypeAlias = Sequence[float] | npt.NDArray[np.floating]

WHITE: Final[Colour] = (255, 255, 255)
INK: Final[Colour] = (30, 30, 36)
GREY: Final[Colour] = (140, 140, 148)
PALE: Final[Colour] = (228, 228, 232)
# Okabe and Ito's: told apart by the colour-blind too
BLUE: Final[Colour] = (0, 114, 178)
ORANGE: Final[Colour] = (213, 94, 0)
GREEN: Final[Colour] = (0, 140, 105)

TITLE: Final = 20
TEXT: Final = 15
_TICK: Final = 6


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at `size` pixels."""
    return ImageFont.load_default(size)


def canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a white image and what draws on it."""
    image = Image.new("RGB", (width, height), WHITE)
    return image, ImageDraw.Draw(image)


class Panel:
    """Axes in `box` (left, top, right, bottom pixels) with the spans `x` and `y` on them."""

    def __init__(self, image: Image.Image, box: tuple[int, int, int, int], x: Span, y: Span) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image)
        self.box = box
        self.x = x
        self.y = y

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point, at the edge for one outside."""
        left, top, right, bottom = self.box
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return left + min(max(across, 0.0), 1.0) * (right - left), bottom - min(max(up, 0.0), 1.0) * (
            bottom - top
        )

    def axes(self, title: str, x_label: str, y_label: str) -> None:
        """Draw the frame, ticks with their numbers, and what is on the axes."""
        left, top, right, bottom = self.box
        draw = self.draw
        for value in ticks(self.y):
            height = self.at(self.x[0], value)[1]
            draw.line([(left - _TICK, height), (left, height)], INK)
            draw.text((left - 2 * _TICK, height), f"{value:g}", INK, font(TEXT), anchor="rm")
        for value in ticks(self.x):
            place = self.at(value, self.y[0])[0]
            draw.line([(place, bottom), (place, bottom + _TICK)], INK)
            draw.text((place, bottom + _TICK + 2), f"{value:g}", INK, font(TEXT), anchor="mt")
        draw.rectangle(self.box, outline=INK)
        draw.text((left, top - 6), title, INK, font(TEXT + 2), anchor="ls")
        draw.text((right, bottom + _TICK + 20), x_label, INK, font(TEXT), anchor="rt")
        self._upright(y_label)

    def grid(self) -> None:
        """Draw pale lines at the ticks; before anything else is drawn."""
        left, top, right, bottom = self.box
        for value in ticks(self.y):
            height = self.at(self.x[0], value)[1]
            self.draw.line([(left, height), (right, height)], PALE)
        for value in ticks(self.x):
            place = self.at(value, self.y[0])[0]
            self.draw.line([(place, top), (place, bottom)], PALE)

    def line(self, x: Values, y: Values, colour: Colour, width: int = 2, *, dots: bool = False) -> None:
        """Draw a line through points; it is broken where `y` is NaN. `dots` marks each point."""
        stretches: list[list[tuple[float, float]]] = [[]]
        for each_x, each_y in zip(x, y, strict=True):
            if math.isnan(each_y):
                stretches.append([])
            else:
                stretches[-1].append(self.at(each_x, each_y))
        for points in stretches:
            self.draw.line(points, colour, width, joint="curve")
            for point in points if dots else ():
                self.dot(*point, colour, 2 + width)

    def dot(self, left: float, top: float, colour: Colour, radius: float) -> None:
        """Draw a dot at a pixel, with a white edge."""
        self.draw.ellipse([left - radius, top - radius, left + radius, top + radius], colour, WHITE)

    def level(self, y: float, colour: Colour, name: str, *, side: Literal["left", "right"] = "right") -> None:
        """Draw a dashed horizontal line at `y` with its name over it."""
        left, _, right, _ = self.box
        height = self.at(self.x[0], y)[1]
        for start in range(left, right, 12):
            self.draw.line([(start, height), (min(start + 7, right), height)], colour, 2)
        place, anchor = (right - 6, "rd") if side == "right" else (left + 6, "ld")
        self.label((place, height - 3), name, colour, anchor)

    def moment(self, x: float, colour: Colour, name: str) -> None:
        """Draw a vertical line at `x`, with its name at the top if it has one."""
        _, top, _, bottom = self.box
        place = self.at(x, self.y[0])[0]
        self.draw.line([(place, top), (place, bottom)], colour, 3)
        if name:
            self.label((place + 6, top + 4), name, colour, "la")

    def shade(self, start: float, stop: float, colour: Colour) -> None:
        """Fill the panel between two values of x."""
        _, top, _, bottom = self.box
        self.draw.rectangle([self.at(start, self.y[0])[0], top, self.at(stop, self.y[0])[0], bottom], colour)

    def label(self, place: tuple[float, float], text: str, colour: Colour, anchor: str) -> None:
        """Write `text` at a pixel on a white ground, so that it is read over lines and rasters."""
        area = self.draw.textbbox(place, text, font(TEXT), anchor=anchor)
        self.draw.rectangle([area[0] - 3, area[1] - 2, area[2] + 3, area[3] + 2], WHITE)
        self.draw.text(place, text, colour, font(TEXT), anchor=anchor)

    def raster(self, shades: npt.NDArray[np.float64]) -> None:
        """Fill the panel with `shades` (rows, columns), 0 white to 1 dark; the first row is at the bottom."""
        left, top, right, bottom = self.box
        grey = np.round(255 * (1 - np.clip(shades[::-1], 0.0, 1.0))).astype(np.uint8)
        filled = Image.fromarray(grey).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        self.image.paste(filled.convert("RGB"), (left, top))

    def _upright(self, text: str) -> None:
        left, top, _, bottom = self.box
        width = math.ceil(font(TEXT).getlength(text)) + 4
        strip = Image.new("RGB", (width, TEXT + 8), WHITE)
        ImageDraw.Draw(strip).text((2, 2), text, INK, font(TEXT))
        turned = strip.rotate(90, expand=True)
        self.image.paste(turned, (left - 84, (top + bottom - width) // 2))


def ticks(span: Span) -> list[float]:
    """Return some four to nine round values within `span`."""
    step = 10.0 ** math.floor(math.log10((span[1] - span[0]) / 4))
    step *= max(factor for factor in (1, 2, 2.5, 5) if factor * step <= (span[1] - span[0]) / 4)
    first = math.ceil(span[0] / step - 1e-9)
    return [round(step * number, 10) for number in range(first, math.floor(span[1] / step + 1e-9) + 1)]
