"""From a sensor clip and a camera clip to the parts of a package, in memory.

Rules of this file
- Nothing touches the disk here: street sound lies on the disk in the store and in the package only.
- What the camera's mask covers is painted over before anything else is done with the pictures.
- A part that cannot be made is named in `missing` with its reason; the others are made all the same.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.clips import mask, measurement, picture, sound, view
from gateway.clips.bearing import FOUND
from gateway.clips.contents import CameraClip, SensorClip
from gateway.clips.measurement import Circumstances
from gateway.clips.pointer import Pointer
from gateway.errors import ClipError
from gateway.timing import SECOND_NS, iso_utc

MIN_PICTURE_S = 9.0  # of ten; a camera needs a moment to see an edge


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts by file name, and what is missing, in words. Evidence only when nothing is."""

    parts: dict[str, bytes]
    missing: tuple[str, ...]


def assemble(
    about: Circumstances, clip: SensorClip, camera: CameraClip | None, missing: Sequence[str] = ()
) -> Assembly:
    """Return the parts of the package. `missing` is what is already known to be missing."""
    parts: dict[str, bytes] = {}
    lacking = list(missing)
    if clip.summary is None or not clip.trace:
        lacking.append("measurement.json: the levels of the board have not all arrived")
    if clip.samples < clip.event.samples:
        lacking.append(f"sound.flac: {clip.samples} of {clip.event.samples} samples have arrived")
    try:
        parts[sound.NAME] = sound.flac(clip)
    except ClipError as error:
        lacking.append(f"sound.flac: {error}")
    frames: list[picture.TimedFrame] = []
    if camera is not None:
        hz = 1_000_000 if about.camera_hello is None else about.camera_hello.clock_hz
        frames, unmasked = mask.burn_in(picture.frames_in_sound(clip, camera, hz), about.mask)
        if unmasked:
            lacking.append(
                f"picture.mkv: {unmasked} frames cannot be decoded, so not masked, and are left out"
            )
        lacking.extend(_add_pictures(parts, about, clip, camera, frames))
    values = measurement.measurement(about, clip, camera, frames, lacking)
    parts[measurement.NAME] = json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False).encode()
    return Assembly(parts, tuple(lacking))


def _add_pictures(
    parts: dict[str, bytes],
    about: Circumstances,
    clip: SensorClip,
    camera: CameraClip,
    frames: Sequence[picture.TimedFrame],
) -> list[str]:
    """Add picture.mkv and view.mp4 to `parts`; return what is missing."""
    lacking: list[str] = []
    try:
        parts[picture.NAME] = picture.mkv(frames, camera.event.size)
        span_s = (frames[-1].time_us - frames[0].time_us) / picture.MICROSECONDS
        if span_s < MIN_PICTURE_S:
            dropped = camera.summary.dropped if camera.summary else 0
            why = f"; the camera had no memory for {dropped} of its pictures" if dropped else ""
            lacking.append(f"picture.mkv: the pictures span {span_s:.1f} s, not {MIN_PICTURE_S:.0f} s{why}")
        if clip.samples:
            parts[view.NAME], damaged = view.mp4(
                clip, frames, Captions(about, clip), attenuate_speech=about.speech_attenuated
            )
            if damaged:
                lacking.append(f"picture.mkv: {damaged} frames cannot be decoded")
    except ClipError as error:
        lacking.append(f"picture.mkv: {error}")
    return lacking


class Captions:
    """What the strip of view.mp4 says, asked with a time in the sound."""

    def __init__(self, about: Circumstances, clip: SensorClip) -> None:
        self._about = about
        self._clip = clip
        self._times_s = measurement.trace_times_s(clip)
        self._levels_db = [record.laf_db for record in clip.trace]
        self._scores = [record.score for record in clip.trace]
        self._bearings = [record.bearing for record in clip.trace]

    def __call__(self, time_s: float) -> view.Caption:
        """Return the caption at `time_s` seconds of the sound."""
        wall_ns = self._about.trigger_wall_ns + round((time_s - self._clip.event.trigger_s) * SECOND_NS)
        # A record says the level at the end of its 125 ms.
        end_s = time_s + measurement.FRAME_S
        level = view.newest_at(self._times_s, self._levels_db, end_s)
        score = view.newest_at(self._times_s, self._scores, end_s)
        behaviour = self._clip.summary.behaviour if self._clip.summary else "unknown"
        return view.Caption(
            f"{iso_utc(wall_ns)}   {self._about.site_id}",
            f"LAF {'--' if level is None else f'{level:.1f}'} dB(A)   "
            f"signature {'--' if score is None else f'{score:.2f}'}   {behaviour}",
            self._pointer(end_s),
        )

    def _pointer(self, end_s: float) -> Pointer | None:
        if self._clip.event.channels == 1:
            return None
        bearing = view.newest_at(self._times_s, self._bearings, end_s)
        found = bearing is not None and bearing.height >= FOUND
        return Pointer(bearing.degrees if bearing and found else None, self._about.camera_view_deg)
