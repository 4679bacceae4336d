"""`view.mp4`: sound and picture for people, with level, time and score on a strip below the picture.

Rules of this file
- It is made for looking at; evidence is sound.flac and picture.mkv. H.264 and AAC open everywhere.
- With speech attenuated nobody is understood in its sound (speech.py).
- On the picture is drawn where the sound comes from (pointer.py), nothing else: the strip stands below it.
- A frame that cannot be decoded is left out and counted, never replaced.
"""

import io
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import av
import av.container
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gateway.clips import pointer, speech
from gateway.clips.contents import SensorClip
from gateway.clips.picture import MICROSECONDS, TimedFrame
from gateway.clips.pointer import Pointer
from gateway.clips.sound import pcm_words
from gateway.errors import ClipError

NAME = "view.mp4"
STRIP = 48  # pixels; two lines of text that can be read on a phone
TEXT = 18
INK = (255, 255, 255)
PAPER = (20, 20, 20)
CLOCK_RATE = 90000  # the usual time base of MPEG video
VIDEO_CODEC = "h264"
AUDIO_BLOCK = 1024
FULL_SCALE = 2.0**31
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Caption:
    """What the strip says at one moment, and where the sound comes from; None with one microphone."""

    line: str
    detail: str
    pointer: Pointer | None = None


def mp4(
    clip: SensorClip,
    frames: Sequence[TimedFrame],
    caption: Callable[[float], Caption],
    *,
    attenuate_speech: bool = False,
) -> tuple[bytes, int]:
    """Return (the file, frames that could not be decoded). `caption` is asked per frame, in seconds of the sound.

    `ClipError` when no frame can be decoded.
    """
    first = next(filter(None, (_decode(frame.jpeg) for frame in frames)), None)
    if first is None:
        raise ClipError("no frame of the camera is a picture")
    width, height = first.width - first.width % 2, first.height - first.height % 2
    damaged = 0
    font = ImageFont.load_default(TEXT)
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        video = container.add_stream(VIDEO_CODEC, rate=30, options={"preset": "veryfast", "crf": "23"})
        video.width, video.height, video.pix_fmt = width, height + STRIP, "yuv420p"
        video.codec_context.time_base = Fraction(1, CLOCK_RATE)
        audio = container.add_stream("aac", rate=clip.event.rate)
        audio.codec_context.layout = "mono" if clip.event.channels == 1 else "stereo"
        for frame in frames:
            image = _decode(frame.jpeg)
            if image is None:
                damaged += 1
                continue
            sheet = Image.new("RGB", (width, height + STRIP), PAPER)
            sheet.paste(image.crop((0, 0, width, height)), (0, 0))
            said = caption(frame.time_us / MICROSECONDS)
            draw = ImageDraw.Draw(sheet)
            draw.text((8, height + 3), said.line, INK, font)
            draw.text((8, height + 25), said.detail, INK, font)
            if said.pointer is not None:
                pointer.draw(draw, said.pointer, (width, height), STRIP)
            shown = av.VideoFrame.from_ndarray(np.asarray(sheet), format="rgb24")
            shown.pts = frame.time_us * CLOCK_RATE // MICROSECONDS
            shown.time_base = Fraction(1, CLOCK_RATE)
            container.mux(video.encode(shown))
        container.mux(video.encode(None))
        _add_sound(container, audio, clip, attenuate_speech=attenuate_speech)
    return target.getvalue(), damaged


def newest_at(times_s: Sequence[float], values: Sequence[Value], time_s: float) -> Value | None:
    """Return the newest of `values` (one at each of `times_s`, ascending) at `time_s`, or None before the first."""
    newest = bisect_right(times_s, time_s) - 1
    return values[newest] if newest >= 0 else None


def _decode(jpeg: bytes) -> Image.Image | None:
    try:
        return Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _add_sound(
    container: av.container.OutputContainer,
    audio: av.AudioStream,
    clip: SensorClip,
    *,
    attenuate_speech: bool,
) -> None:
    heard = pcm_words(clip).T / FULL_SCALE
    samples = (speech.of_clip(clip, heard) if attenuate_speech else heard).astype(np.float32)
    layout = "mono" if clip.event.channels == 1 else "stereo"
    for start in range(0, samples.shape[1], AUDIO_BLOCK):
        piece = np.ascontiguousarray(samples[:, start : start + AUDIO_BLOCK])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
        frame.sample_rate = clip.event.rate
        frame.pts = start
        frame.time_base = Fraction(1, clip.event.rate)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))
