"""The street as the camera stand-in sees it: houses, a road, a motorcycle that passes, and the time.

Rules of this file
- A frame is a function of the simulated time alone (and of the seed): the same time, the same bytes.
- Every frame shows the time twice: in digits for people, and as a bar of 32 black and white
  squares for programs. The alignment of sound and picture is measured from that bar, so it has to
  survive JPEG and H.264 at low quality, and a damaged one has to be refused, not misread.
- The bar lies along the upper edge and its geometry follows from the width alone: a picture that
  is scaled, or extended below, can still be read.
- What does not move is drawn once; a frame costs a copy, a few pastes and the JPEG encoder.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Rgb: TypeAlias = npt.NDArray[np.uint8]

SQUARES: Final = 32
TIME_BITS: Final = 26
"""Milliseconds modulo 2^26, which is 18 hours; the other six squares are the check."""

_CHECK_BITS: Final = SQUARES - TIME_BITS
# x^6 + x + 1 finds every error of one or two squares and every burst of up to six.
_CHECK_POLYNOMIAL: Final = 0b1000011
_CHECK_START: Final = 0b111111  # so that an all-black bar is not a valid time 0
# Means of a square nearer to grey than this are not trusted.
_SURE: Final = 40
_WIDTH_M: Final = 16.0
_SPRITE_M: Final = (2.3, 1.75)
_SUPERSAMPLING: Final = 4


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle that is in front of the camera at `at_s`; negative speed is right to left.

    With `stands_s` it stands there for so long, `at_s` in the middle.
    """

    at_s: float
    speed_m_s: float = 12.0
    stands_s: float = 0.0

    def position_m(self, t_s: float) -> float:
        """Return where the vehicle is at `t_s`, in metres to the right of the middle of the picture."""
        late = t_s - self.at_s
        moving = max(0.0, abs(late) - self.stands_s / 2)
        return self.speed_m_s * (moving if late > 0 else -moving)


class Scene:
    """The camera's view of a street.

    `vehicles` pass one after the other, or together. `quality` is that of the JPEG encoder (1 - 95).
    """

    def __init__(
        self,
        vehicles: Sequence[Vehicle] = (),
        *,
        width: int = 640,
        height: int = 480,
        quality: int = 60,
        seed: int = 1,
    ) -> None:
        self.vehicles = tuple(vehicles)
        self.width = width
        self.height = height
        self.quality = quality
        self._street = _draw_street(width, height, seed)
        self._motorcycle = _draw_motorcycle(width / _WIDTH_M)
        self._glyphs = _draw_glyphs(max(10, width // 20))

    def frame(self, t_s: float) -> Rgb:
        """Return the picture at `t_s`: (height, width, 3) uint8, RGB."""
        picture = self._street.copy()
        for vehicle in self.vehicles:
            self._paste(picture, vehicle, t_s)
        milliseconds = round(t_s * 1000) % (1 << TIME_BITS)
        _draw_bar(picture, milliseconds)
        self._draw_digits(picture, milliseconds)
        return picture

    def jpeg(self, t_s: float) -> bytes:
        """Return the picture at `t_s` as a baseline JPEG file."""
        file = io.BytesIO()
        Image.fromarray(self.frame(t_s)).save(file, "JPEG", quality=self.quality)
        return file.getvalue()

    def _paste(self, picture: Rgb, vehicle: Vehicle, t_s: float) -> None:
        sprite = self._motorcycle if vehicle.speed_m_s > 0 else self._motorcycle[:, ::-1]
        rows, columns = sprite.shape[:2]
        left = round(self.width * (0.5 + vehicle.position_m(t_s) / _WIDTH_M) - columns / 2)
        top = round(self.height * 0.86) - rows
        first, last = max(0, left), min(self.width, left + columns)
        if first >= last:
            return
        part = sprite[:, first - left : last - left].astype(np.uint16)
        under = picture[top : top + rows, first:last]
        opacity = part[:, :, 3:]
        under[:] = (part[:, :, :3] * opacity + under * (255 - opacity)) // 255

    def _draw_digits(self, picture: Rgb, milliseconds: int) -> None:
        seconds, thousandths = divmod(milliseconds, 1000)
        minutes, second = divmod(seconds, 60)
        text = f"{minutes // 60}:{minutes % 60:02}:{second:02}.{thousandths:03}"
        at, top = self.width // 40, self.width // SQUARES + self.width // 80
        for letter in text:
            glyph = self._glyphs[letter]
            picture[top : top + glyph.shape[0], at : at + glyph.shape[1]] = glyph[:, :, np.newaxis]
            at += glyph.shape[1]


def read_clock(rgb: Rgb) -> float:
    """Return the time the bar of a picture (h, w, 3) shows, in seconds; ValueError when it cannot be trusted."""
    width = rgb.shape[1]
    side = width / SQUARES
    if rgb.shape[0] < side or side < 4:
        msg = f"a picture of {width}x{rgb.shape[0]} is too small to hold a time bar"
        raise ValueError(msg)
    luma = rgb[: int(side)].astype(np.float64).mean(axis=2)
    rows = luma[int(side * 0.25) : int(side * 0.75)]
    bits = 0
    for square in range(SQUARES):
        mean = float(rows[:, int(side * (square + 0.25)) : int(side * (square + 0.75))].mean())
        if abs(mean - 127.5) < _SURE:
            msg = f"square {square} of the time bar is neither black nor white (mean {mean:.0f})"
            raise ValueError(msg)
        bits = bits << 1 | (mean > 127.5)
    milliseconds, check = bits >> _CHECK_BITS, bits & ((1 << _CHECK_BITS) - 1)
    if check != _check(milliseconds):
        msg = f"the check of the time bar is wrong: {bits:#010x}"
        raise ValueError(msg)
    return milliseconds / 1000


def _check(milliseconds: int) -> int:
    value = milliseconds << _CHECK_BITS ^ _CHECK_START << TIME_BITS
    for bit in range(TIME_BITS - 1, -1, -1):
        if value >> (bit + _CHECK_BITS) & 1:
            value ^= _CHECK_POLYNOMIAL << bit
    return value & ((1 << _CHECK_BITS) - 1)


def _draw_bar(picture: Rgb, milliseconds: int) -> None:
    bits = milliseconds << _CHECK_BITS | _check(milliseconds)
    white = np.array([bits >> (SQUARES - 1 - square) & 1 for square in range(SQUARES)], dtype=np.uint8)
    width = picture.shape[1]
    # White is not full white: H.264 in limited range and JPEG overshoot then stay inside 0 - 255.
    row = white[np.arange(width) * SQUARES // width] * 235 + 8
    picture[: width // SQUARES] = row[np.newaxis, :, np.newaxis]


def _draw_street(width: int, height: int, seed: int) -> Rgb:
    rng = np.random.default_rng([seed, 0x5C])
    image = Image.new("RGB", (width, height), (108, 120, 140))
    draw = ImageDraw.Draw(image)
    ground, kerb, road = round(height * 0.68), round(height * 0.74), round(height * 0.77)
    _draw_houses(draw, width, height, ground, rng)
    draw.rectangle((0, ground, width, kerb), (138, 134, 128))
    for x in range(0, width, max(1, width // 32)):
        draw.line((x, ground, x - width // 64, kerb), (120, 116, 110))
    draw.rectangle((0, kerb, width, road), (165, 163, 158))
    draw.rectangle((0, road, width, height), (72, 73, 76))
    for x in range(width // 20, width, width // 5):
        draw.rectangle((x, height * 0.92, x + width // 10, height * 0.93), (205, 205, 198))
    # Brick, plaster and asphalt are not smooth; without grain the JPEG would be unlike a camera's.
    grain = rng.normal(0.0, 3.5, (height, width, 1))
    return np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)


def _draw_houses(
    draw: ImageDraw.ImageDraw, width: int, height: int, ground: int, rng: np.random.Generator
) -> None:
    """Draw a terrace: fronts of differing height and colour, each with a door and two rows of windows."""
    fronts = 5
    for house in range(fronts):
        left, right = width * house // fronts, width * (house + 1) // fronts
        top = round(height * float(rng.uniform(0.14, 0.26)))
        red = int(rng.integers(125, 185))
        green, blue = int(red * rng.uniform(0.6, 0.85)), int(red * rng.uniform(0.5, 0.65))
        draw.rectangle((left, top, right - 1, ground), (red, green, blue))
        draw.rectangle((left, top - height // 60, right - 1, top), (70, 60, 58))
        for y in range(top, ground, max(3, height // 96)):
            draw.line((left, y, right - 1, y), (red - 18, green - 15, blue - 12))
        pane = (right - left) // 5
        for storey in range(2):
            y = top + round((ground - top) * (0.12 + 0.46 * storey))
            for column in range(2):
                x = left + pane // 2 + column * pane * 5 // 2
                if storey == 1 and column == house % 2:
                    draw.rectangle((x, y, x + pane * 5 // 4, ground), (50, 44, 40))
                    continue
                lit = rng.random() < 0.4
                draw.rectangle(
                    (x, y, x + pane * 5 // 4, y + pane * 3 // 2),
                    (214, 190, 130) if lit else (74, 84, 98),
                    outline=(225, 222, 214),
                    width=max(1, width // 320),
                )


def _draw_motorcycle(pixels_per_metre: float) -> Rgb:
    """Return a motorcycle with rider, heading right: (rows, columns, 4) RGBA."""
    scale = pixels_per_metre * _SUPERSAMPLING
    size = (round(_SPRITE_M[0] * scale), round(_SPRITE_M[1] * scale))
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)

    def at(*metres: float) -> tuple[float, ...]:
        """Metres from the lower left corner, to pixels."""
        return tuple(
            value * scale if index % 2 == 0 else size[1] - value * scale for index, value in enumerate(metres)
        )

    def disc(x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
        left, bottom, right, top = at(x - radius, y - radius, x + radius, y + radius)
        draw.ellipse((left, top, right, bottom), colour)

    for x in (0.38, 1.86):
        disc(x, 0.34, 0.34, (24, 24, 26))
        disc(x, 0.34, 0.22, (128, 130, 134))
        disc(x, 0.34, 0.06, (40, 40, 42))
    draw.polygon(at(0.25, 0.78, 0.95, 0.62, 1.45, 0.72, 1.55, 1.0, 1.1, 0.98, 0.35, 0.9), (170, 28, 30))
    draw.polygon(at(0.8, 0.3, 1.4, 0.3, 1.45, 0.7, 0.8, 0.66), (58, 60, 64))
    draw.line(at(1.86, 0.34, 1.52, 1.08), (90, 92, 96), round(0.07 * scale))
    draw.line(at(1.0, 0.3, 0.1, 0.42), (190, 192, 196), round(0.1 * scale))
    draw.line(at(0.85, 0.95, 1.2, 0.45), (34, 38, 52), round(0.17 * scale))
    draw.line(at(0.85, 0.95, 1.05, 1.4), (30, 34, 46), round(0.26 * scale))
    draw.line(at(1.08, 1.35, 1.5, 1.1), (30, 34, 46), round(0.1 * scale))
    disc(1.15, 1.58, 0.15, (225, 225, 228))
    disc(1.66, 0.98, 0.08, (255, 250, 214))
    small = image.resize((size[0] // _SUPERSAMPLING, size[1] // _SUPERSAMPLING), Image.Resampling.BOX)
    return np.asarray(small)


def _draw_glyphs(size: int) -> dict[str, Rgb]:
    """Return the letters of the clock, white on black, all of one height: (rows, columns) each."""
    font = ImageFont.load_default(size)
    column = round(max(font.getlength(digit) for digit in "0123456789"))
    glyphs: dict[str, Rgb] = {}
    for letter in "0123456789:.":
        image = Image.new("L", (column if letter.isdigit() else column * 5 // 8, round(size * 1.2)))
        ImageDraw.Draw(image).text((image.width / 2, size), letter, fill=255, font=font, anchor="ms")
        glyphs[letter] = np.asarray(image)
    return glyphs
