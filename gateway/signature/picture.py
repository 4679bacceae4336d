"""The picture of `signature explain`: spectrum and track, level, score, what pushed it, and the words."""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import ImageDraw

from firmware.common.blocks import FRAMES_PER_SECOND
from gateway.signature.drawing import BLUE, GREEN, GREY, INK, ORANGE, TEXT, TITLE, Panel, canvas, font
from gateway.signature.playing import LEAD_S, RATE, Frames
from gateway.virtual.sound import Samples

HIGHEST_HZ: Final = 1000.0
"""Of the spectrum drawn: where an engine's orders can be told apart."""
_WINDOW: Final = 8192  # 171 ms, bins of 5.9 Hz: as the sensor's own short spectrum
_HOP: Final = 1200  # 25 ms
_RANGE_DB: Final = 45.0
_WIDTH: Final = 1240
_LEFT: Final = 112
_RIGHT: Final = 1200
_BARS: Final = 9
_HELD: Final = (222, 240, 234)


@dataclass(frozen=True)
class Explained:
    """What is drawn. `moment` is the frame that decided, `pushes` what each feature did for its score (logit)."""

    title: str
    samples: Samples
    frames: Frames
    threshold_dba: float
    signature_threshold: float
    moment: int
    pushes: npt.NDArray[np.float64]
    names: tuple[str, ...]
    decision: str
    behaviour: str


def picture(found: Explained) -> bytes:
    """Return the PNG."""
    image, draw = canvas(_WIDTH, 1370)
    draw.text((_LEFT, 20), found.title, INK, font(TITLE))
    _wrapped(draw, 52, found.decision)
    _wrapped(draw, 76, f"Behaviour then: {found.behaviour}.")
    seconds = found.frames.seconds
    span = (-LEAD_S, seconds - LEAD_S)
    t = (np.arange(found.frames.score.size) + 1.0) / FRAMES_PER_SECOND - LEAD_S
    moment = float(t[found.moment])

    spectrum = Panel(image, (_LEFT, 140, _RIGHT, 480), span, (0.0, HIGHEST_HZ))
    spectrum.raster(_shades(found.samples, HIGHEST_HZ))
    track = np.where(found.frames.firing_hz > 0, found.frames.firing_hz, np.nan)
    spectrum.line(t - 0.5 / FRAMES_PER_SECOND, track, ORANGE, 3, dots=True)
    spectrum.label((_RIGHT - 8, 148), "orange: firing frequency", ORANGE, "ra")
    spectrum.axes("Spectrum, and the firing frequency that the sensor follows", "", "Hz")

    loud = found.frames.lafmax_db >= found.threshold_dba
    both = loud & (found.frames.score >= found.signature_threshold)
    top = max(found.threshold_dba, float(found.frames.lafmax_db.max())) + 8.0
    level = Panel(
        image, (_LEFT, 560, _RIGHT, 740), span, (min(50.0, float(found.frames.lafmax_db.min())), top)
    )
    score = Panel(image, (_LEFT, 820, _RIGHT, 1000), span, (0.0, 1.0))
    for panel in (level, score):
        for at in t[both]:
            panel.shade(float(at) - 1 / FRAMES_PER_SECOND, float(at), _HELD)
        panel.grid()
    level.line(t, found.frames.lafmax_db, BLUE, 3)
    level.level(found.threshold_dba, INK, f"threshold {found.threshold_dba:g} dB(A)")
    level.axes(
        "Level, LAFmax of each frame; shaded: level and score are both at their thresholds", "", "dB(A)"
    )
    score.line(t, found.frames.score, BLUE, 3)
    score.level(found.signature_threshold, INK, f"threshold {found.signature_threshold:g}")
    score.axes("Score of the signature", "seconds from the start of the sound", "0 to 1")
    triggered = bool(found.frames.triggered[found.moment])
    colour = GREEN if triggered else GREY
    for panel in (spectrum, level, score):
        panel.moment(moment, colour, "")
    level.label((level.at(moment, top)[0] + 6, 566), "trigger" if triggered else "nearest", colour, "la")

    _bars(draw, found, 1090)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _bars(draw: ImageDraw.ImageDraw, found: Explained, top: int) -> None:
    left, right, middle = _LEFT + 200, _RIGHT, (_LEFT + 200 + _RIGHT) // 2
    title = "What pushed the score at that moment, against the street before the sound (logit: 1 is odds times 2.7)"
    draw.text((_LEFT, top - 16), title, INK, font(TEXT + 2), anchor="ls")
    order = [int(index) for index in np.argsort(-np.abs(found.pushes), kind="stable")[:_BARS]]
    scale = (right - middle - 60) / max(float(np.abs(found.pushes).max()), 1e-6)
    for row, index in enumerate(order):
        push = float(found.pushes[index])
        height = top + 26 * row
        draw.text((left - 8, height + 9), found.names[index], INK, font(TEXT), anchor="rm")
        end = middle + push * scale
        draw.rectangle(
            [min(middle, end), height, max(middle, end), height + 18], ORANGE if push > 0 else BLUE
        )
        place, anchor = (end + 6, "lm") if push >= 0 else (end - 6, "rm")
        draw.text((place, height + 9), f"{push:+.1f}", INK, font(TEXT), anchor=anchor)
    bottom = top + 26 * len(order)
    draw.line([(middle, top - 4), (middle, bottom)], INK)
    draw.text((middle - 10, bottom + 4), "less like an exhaust", BLUE, font(TEXT), anchor="ra")
    draw.text((middle + 10, bottom + 4), "more like an exhaust", ORANGE, font(TEXT), anchor="la")


def _wrapped(draw: ImageDraw.ImageDraw, top: int, text: str) -> None:
    # A size that lets the sentence stand on one line.
    size = TEXT + 1
    while size > 9 and font(size).getlength(text) > _RIGHT - _LEFT:  # noqa: PLR2004  the smallest that is read
        size -= 1
    draw.text((_LEFT, top), text, INK, font(size))


def _shades(samples: Samples, highest_hz: float) -> npt.NDArray[np.float64]:
    """Return (bins up to `highest_hz`, columns) of 0 to 1: the upper 45 dB of the spectrum, each bin in dB."""
    padded = np.pad(samples, _WINDOW // 2)
    starts = np.arange(0, samples.size, _HOP)
    window = np.hanning(_WINDOW)
    bins = int(highest_hz / RATE * _WINDOW)
    power = np.stack(
        [np.abs(np.fft.rfft(padded[start : start + _WINDOW] * window)[:bins]) ** 2 for start in starts],
        axis=1,
    )
    db = 10 * np.log10(power + 1e-12)
    return 1 + (db - np.quantile(db, 0.999)) / _RANGE_DB
