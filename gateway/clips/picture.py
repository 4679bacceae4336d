"""`picture.mkv`: the camera's JPEG frames as delivered (but for its mask, mask.py), each at its time in the sound.

Rules of this file
- Frames are copied into the container, never decoded: their bytes in the file are the camera's.
- Time 0 is the first sample of the sound; the KEEP edge, stamped by both boards, joins the two.
- Only frames within the sound are taken: what was before and after is nobody's business.
- Matroska counts milliseconds; the exact microseconds are in measurement.json.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import av

from gateway.clips.contents import CameraClip, SensorClip
from gateway.errors import ClipError

NAME = "picture.mkv"
MICROSECONDS = 1_000_000
MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A JPEG at `time_us` from the first sample of the sound."""

    time_us: int
    jpeg: bytes


def frames_in_sound(sensor: SensorClip, camera: CameraClip, camera_hz: int) -> list[TimedFrame]:
    """Return the frames that lie within the sound, in order. `camera_hz` is the rate of the camera's counter."""
    keep_us = round(sensor.event.keep_s * MICROSECONDS)
    end_us = round(sensor.duration_s * MICROSECONDS)
    frames: list[TimedFrame] = []
    for frame in camera.frames:
        time_us = keep_us + round((frame.ticks - camera.event.keep) * MICROSECONDS / camera_hz)
        # Two frames of one microsecond cannot be told apart in a player; the camera repeated itself.
        if 0 <= time_us < end_us and frame.jpeg and (not frames or time_us > frames[-1].time_us):
            frames.append(TimedFrame(time_us, frame.jpeg))
    return frames


def mkv(frames: Sequence[TimedFrame], size: tuple[int, int]) -> bytes:
    """Return the file with `frames` of `size` (width, height). `ClipError` when there is none."""
    if not frames:
        raise ClipError("no frame lies within the sound")
    target = io.BytesIO()
    with av.open(target, "w", format="matroska", options={"fflags": "+bitexact"}) as container:
        # PyAV learns the size of a stream from an encoder only; this one is opened and never given a frame.
        stream = container.add_stream("mjpeg", rate=_frame_rate(frames))
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.time_base = Fraction(1, MILLISECONDS)
        last = -1
        for frame in frames:
            packet = av.Packet(frame.jpeg)
            packet.stream = stream
            packet.time_base = Fraction(1, MILLISECONDS)
            last = max(round(frame.time_us * MILLISECONDS / MICROSECONDS), last + 1)
            packet.pts = packet.dts = last
            packet.is_keyframe = True
            container.mux(packet)
    return target.getvalue()


def _frame_rate(frames: Sequence[TimedFrame]) -> int:
    """Return the frames per second that most frames keep to; players show it, times do not depend on it."""
    intervals = sorted(later.time_us - sooner.time_us for sooner, later in pairwise(frames))
    return max(round(MICROSECONDS / intervals[len(intervals) // 2]), 1) if intervals else 1
