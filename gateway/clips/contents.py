"""The bytes of a clip's four parts as typed values (docs/protocol.md, "A clip").

Rules of this file
- What is cut short is read as far as it goes, and nothing is made up for the rest.
- `RemoteProtocolError` when the event part cannot be read: without it no other part has a meaning.
"""

import struct
from dataclasses import dataclass

from firmware.common import wire
from gateway.errors import RemoteProtocolError
from gateway.link.messages import CameraEvent, CameraSummary, SensorEvent, SensorSummary, parse

FRAME_RECORD = "<QI"  # ticks, length
FRAME_RECORD_BYTES = struct.calcsize(FRAME_RECORD)
Parts = tuple[bytes, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class BearingRecord:
    """Where sound came from, in degrees, negative from the left; heights of peaks 0..1 (firmware/sensor/bearing.py)."""

    degrees: float
    height: float
    other_degrees: float
    other_height: float


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """The 125 ms that end at `sample`. Levels in dB, score 0..1, `firing_hz` 0.0 when none was found.

    `bearing` is None with one microphone.
    """

    sample: int
    laf_db: float
    lafmax_db: float
    laeq_db: float
    lcpeak_db: float
    score: float
    firing_hz: float
    bands_db: tuple[float, ...]
    bearing: BearingRecord | None = None


@dataclass(frozen=True, slots=True)
class SensorClip:
    """Sound and what was measured of it. `pcm` is whole samples, little-endian, interleaved."""

    event: SensorEvent
    pcm: bytes
    trace: tuple[TraceRecord, ...]
    summary: SensorSummary | None

    @property
    def samples(self) -> int:
        """Return the samples per channel."""
        return len(self.pcm) // self.event.frame_bytes

    @property
    def duration_s(self) -> float:
        """Return how long the sound is."""
        return self.samples / self.event.rate


@dataclass(frozen=True, slots=True)
class Frame:
    """One JPEG as the camera made it, at `ticks` of the camera's counter."""

    ticks: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class CameraClip:
    """The pictures round a KEEP edge, in order of time."""

    event: CameraEvent
    frames: tuple[Frame, ...]
    summary: CameraSummary | None


def sensor_clip(parts: Parts) -> SensorClip:
    """Return the sensor clip in `parts` (bytes of parts 0 to 3)."""
    event = parse(SensorEvent, parts[wire.PART_EVENT])
    media = parts[wire.PART_MEDIA]
    size = event.frame_bytes
    pcm = media[: min(len(media) // size, event.samples) * size]
    return SensorClip(
        event,
        pcm,
        tuple(_trace(parts[wire.PART_TRACE], event.channels)),
        _sensor_summary(parts[wire.PART_SUMMARY]),
    )


def camera_clip(parts: Parts) -> CameraClip:
    """Return the camera clip in `parts` (bytes of parts 0 to 3)."""
    event = parse(CameraEvent, parts[wire.PART_EVENT])
    media, index = parts[wire.PART_MEDIA], parts[wire.PART_TRACE]
    frames: list[Frame] = []
    at = 0
    for offset in range(0, len(index) - FRAME_RECORD_BYTES + 1, FRAME_RECORD_BYTES):
        ticks, length = struct.unpack_from(FRAME_RECORD, index, offset)
        if at + length > len(media):
            break
        frames.append(Frame(ticks, media[at : at + length]))
        at += length
    summary = parts[wire.PART_SUMMARY]
    try:
        read = parse(CameraSummary, summary) if summary else None
    except RemoteProtocolError:
        read = None
    return CameraClip(event, tuple(sorted(frames, key=lambda frame: frame.ticks)), read)


def _sensor_summary(data: bytes) -> SensorSummary | None:
    try:
        return parse(SensorSummary, data) if data else None
    except RemoteProtocolError:
        return None


def _trace(data: bytes, channels: int) -> list[TraceRecord]:
    records: list[TraceRecord] = []
    at = 0
    while at + wire.TRACE_HEAD_BYTES <= len(data):
        sample, laf, lafmax, laeq, lcpeak, score, count, firing = struct.unpack_from(
            wire.TRACE_HEAD, data, at
        )
        at += wire.TRACE_HEAD_BYTES
        end = at + 2 * count + (wire.TRACE_BEARING_BYTES if channels > 1 else 0)
        if end > len(data):
            break
        bands = struct.unpack_from(f"<{count}h", data, at)
        bearing = _bearing(data, at + 2 * count) if channels > 1 else None
        at = end
        records.append(
            TraceRecord(
                sample,
                laf / 100,
                lafmax / 100,
                laeq / 100,
                lcpeak / 100,
                score / 255,
                firing / 10,
                tuple(level / 100 for level in bands),
                bearing,
            )
        )
    return records


def _bearing(data: bytes, at: int) -> BearingRecord:
    degrees, height, other_degrees, other_height = struct.unpack_from(wire.TRACE_BEARING, data, at)
    return BearingRecord(degrees / 10, height / 255, other_degrees / 10, other_height / 255)
