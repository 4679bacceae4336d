"""Clips as boards send them, made of a tone and of plain pictures."""

import io
import json
import math
import struct

import numpy as np
from PIL import Image, ImageDraw

from firmware.common import wire
from gateway.clips.contents import FRAME_RECORD, Parts

RATE = 48000
CAMERA_HZ = 1_000_000
BANDS = 29
SIZE = (160, 120)
CLOSEST_S = 6.0  # of what passes two microphones


def sensor_parts(  # noqa: PLR0913 - every argument is one property of a clip, all have defaults
    *,
    first: int = 480_000,
    seconds: float = 10.0,
    rate: int = RATE,
    bits: int = 24,
    channels: int = 1,
    trigger_s: float = 4.0,
    keep_s: float = 4.01,
    decimate: int = 1,
) -> Parts:
    """Return the parts of a sensor clip: a tone that grows until the trigger. `first` counts at rate * decimate."""
    hz = rate * decimate
    samples = round(seconds * rate)
    event = {
        "trigger": first + round(trigger_s * hz),
        "keep": first + round(keep_s * hz),
        "laf": 91.2,
        "score": 0.93,
        "firing_hz": 96.1,
        "why": "LAFmax 91.2 dB(A) is at least 85.0 and the exhaust signature 0.93 at least 0.50",
        "rate": rate,
        "decimate": decimate,
        "bits": bits,
        "channels": channels,
        "spacing_m": 0.2 if channels == 2 else None,  # noqa: PLR2004
        "first": first,
        "samples": samples,
        "full_scale_db": 120.0,
        "calibration_db": 0.0,
    }
    summary = {
        "lafmax": 92.4,
        "lasmax": 90.2,
        "laeq": 88.1,
        "lae": 98.1,
        "lceq": 93.0,
        "lcpeak": 108.5,
        "behaviour": "revving",
        "evidence": "the firing frequency rose and fell three times",
        "firing_hz": [60.0, 142.5],
        "score": 0.97,
        "overruns": 0,
        "flags": 0,
    }
    return (
        json.dumps(event).encode(),
        pcm(samples, rate=rate, bits=bits, channels=channels),
        trace(first, seconds=seconds, hz=hz, channels=channels),
        json.dumps(summary).encode(),
    )


def pcm(samples: int, *, rate: int, bits: int, channels: int) -> bytes:
    """Return a tone of 96 Hz and its double, little-endian, interleaved."""
    time_s = np.arange(samples) / rate
    wave = 0.1 * np.sin(2 * math.pi * 96 * time_s) + 0.05 * np.sin(2 * math.pi * 192 * time_s)
    words = np.zeros((samples, channels), dtype="<i4")
    words[:] = np.round(wave * 2 ** (bits - 1))[:, np.newaxis]
    return words.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()


def trace(first: int, *, seconds: float, hz: int, channels: int = 1) -> bytes:
    """Return the trace records of `seconds` from `first`; two microphones hear something pass, left to right."""
    step = hz // 8
    records = bytearray()
    for number in range(int(seconds * 8)):
        level = 5000 + 50 * min(number, 80)
        records += struct.pack(
            wire.TRACE_HEAD,
            first + (number + 1) * step,
            level,
            level + 30,
            level - 20,
            level + 1500,
            200,
            BANDS,
            961,
        )
        records += struct.pack(f"<{BANDS}h", *range(4000, 4000 + 10 * BANDS, 10))
        if channels > 1:
            degrees = math.degrees(math.atan(1.5 * (number / 8 - CLOSEST_S)))
            records += struct.pack(wire.TRACE_BEARING, round(10 * degrees), 200, 300, 20)
    return bytes(records)


def jpeg(number: int, size: tuple[int, int] = SIZE) -> bytes:
    """Return a picture that shows `number` as text and as the place of a bar."""
    image = Image.new("RGB", size, (40, 60, 80))
    draw = ImageDraw.Draw(image)
    draw.text((5, 5), str(number), (255, 255, 255))
    draw.rectangle((number % size[0], size[1] - 20, number % size[0] + 4, size[1] - 1), (255, 200, 0))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=70)
    return target.getvalue()


def camera_parts(
    *, keep: int = 20_000_000, fps: int = 10, before_s: float = 4.0, after_s: float = 6.0
) -> Parts:
    """Return the parts of a camera clip with the KEEP edge at `keep` microseconds of its counter."""
    event = {"keep": keep, "size": list(SIZE), "format": "jpeg"}
    frames = [jpeg(number) for number in range(int((before_s + after_s) * fps))]
    first = keep - round(before_s * CAMERA_HZ)
    index = b"".join(
        struct.pack(FRAME_RECORD, first + number * CAMERA_HZ // fps, len(frame))
        for number, frame in enumerate(frames)
    )
    summary = {"frames": len(frames), "dropped": 0}
    return json.dumps(event).encode(), b"".join(frames), index, json.dumps(summary).encode()


class FakeClip:
    """A clip that a board holds: what firmware.common.link asks of one.

    `media_limit` holds back media beyond so many bytes, as a clip does that is still being recorded.
    """

    def __init__(self, number: int, parts: Parts, media_limit: int | None = None) -> None:
        self.number = number
        self.media_limit = media_limit
        self.acknowledged_bytes = [0, 0, 0, 0]
        self._parts = parts

    def total(self, part: int) -> int:
        """Return the bytes of `part`."""
        return len(self._parts[part])

    def available(self, part: int) -> int:
        """Return how many bytes of `part` can be read now."""
        size = len(self._parts[part])
        if part == wire.PART_MEDIA and self.media_limit is not None:
            return min(size, self.media_limit)
        return size

    def acknowledged(self, part: int, offset: int) -> None:
        """Note that the gateway has the bytes of `part` below `offset`."""
        self.acknowledged_bytes[part] = offset

    def read(self, part: int, offset: int, view: memoryview) -> None:
        """Fill `view` with the bytes of `part` from `offset`."""
        view[:] = self._parts[part][offset : offset + len(view)]
