"""Where the sound of an event came from: which way it went, and whether it was one vehicle. docs/bearing.md.

Rules of this file
- The board sends a bearing every 125 ms, with the height of its peak, and the next peak (firmware/sensor/bearing.py).
  What they say of the event is judged here, from the trace alone, so that it can be judged again.
- Only the loud moments count, those within 10 dB of the loudest: they make the level.
- A vehicle either stays at one bearing or passes on a line: its bearing is then the arc tangent of something that
  grows with time. Of both, the track is taken on which most of the loud moments lie; the others do not bend it.
- A second source is one that is off the track: as the highest peak of a moment, or as the next one when that is nearly
  as high. What the houses across the street reflect is none: it is on the same side, nearer to straight ahead. Nor is
  the second peak of a single tone: sources share the frequencies, so that their heights add up to one or little more.
- What is not known is said to be unknown, with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gateway.clips.contents import SensorClip, TraceRecord

Numbers = npt.NDArray[np.float64]
Values = dict[str, object]

LOUD_DB = 10.0  # moments within this of the loudest make the level
FOUND = 0.25  # height of a peak; noise, and what comes from everywhere, stays under it
ENOUGH = 4  # moments, half a second
MOST = 0.5  # of the loud moments must have a bearing
NEAR_DEG = 8.0  # of the track: as exact as a moment is in a street
ELSEWHERE_DEG = 15.0
NEARLY = 0.5  # part of the highest peak's height
SHARED = 1.25  # both heights together: of two vehicles up to 1.2, of a siren's or a reversing lorry's tone 1.4 to 1.9
# Of 98 simulated vehicles alone between houses 95 have no more such moments; of 40 pairs that meet, one up to 6 dB
# weaker, 38 have (docs/bearing.md).
SHARE_ELSEWHERE = 0.12
# A reflection's distance along the road is the vehicle's, across it that of its mirror image behind the front: parts of
# the tangent of the bearing, of a road at a fifth to four fifths of the way to its image.
REFLECTED = (0.2, 0.8)
STANDS_DEG = 15.0  # a bearing that changes by less in all of the loud moments
PLAINER = 0.95  # a standing source explains it when it explains nearly as much as a passing one
# Angular speed at the closest point, rad/s: 2 m/s at 15 m, 30 m/s at 3 m.
SLOWEST, FASTEST, SPEEDS = 0.13, 10.0, 45
BEYOND_S = 4.0  # the closest point may lie before or after the loud moments
STEP_S = 0.05


class Direction(StrEnum):
    """Which way the loudest source went, as seen from the microphones."""

    LEFT_TO_RIGHT = "left_to_right"
    RIGHT_TO_LEFT = "right_to_left"
    STANDING = "standing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of an event, `reason` and `evidence` in words.

    Of a passing source `angular_speed_deg_s` is how fast its bearing changed when it was nearest, positive to the
    right, and `closest_s` when that was, in seconds of the sound; None where that lies outside of it.
    `single_source`: one source is dominant while it is loudest; None: not known.
    """

    direction: Direction
    reason: str
    single_source: bool | None
    evidence: str
    angular_speed_deg_s: float | None = None
    closest_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Track:
    """A bearing over time, and how well it explains what was heard. `speed` (rad/s) 0: always `bearing` (degrees)."""

    explains: float
    speed: float = 0.0
    closest_s: float = 0.0
    bearing: float = 0.0

    def at(self, time_s: Numbers) -> Numbers:
        if not self.speed:
            return np.full(time_s.shape, self.bearing)
        return np.degrees(np.arctan(self.speed * (time_s - self.closest_s)))


def judge(clip: SensorClip) -> Judgement:
    """Return what the bearings of `clip` say."""
    if clip.event.channels == 1:
        text = "not measured: the board has one microphone"
        return Judgement(Direction.UNKNOWN, text, None, text)
    loudest_db = max((record.laeq_db for record in clip.trace), default=0.0)
    loud = [record for record in clip.trace if record.laeq_db >= loudest_db - LOUD_DB]
    found = [record for record in loud if _height(record) >= FOUND]
    if len(loud) < ENOUGH:
        text = f"not known from {len(loud)} loud moments of an eighth of a second"
        return Judgement(Direction.UNKNOWN, text, None, text)
    if len(found) < max(ENOUGH, MOST * len(loud)):
        text = f"in {len(loud) - len(found)} of {len(loud)} loud moments the sound came from no one direction"
        return Judgement(Direction.UNKNOWN, text, None, text)
    time_s = np.array([(record.sample - clip.event.first) / clip.event.clock_hz - 0.0625 for record in found])
    return _judged(found, time_s, clip.duration_s)


def section(clip: SensorClip, heard: Judgement) -> Values:
    """Return `bearing` of measurement.json."""
    return {
        "spacing_m": clip.event.spacing_m,
        "direction": str(heard.direction),
        "reason": heard.reason,
        "angular_speed_deg_s": heard.angular_speed_deg_s,
        "closest_s": heard.closest_s,
        "single_source": heard.single_source,
        "evidence": heard.evidence,
    }


def columns(clip: SensorClip) -> Values:
    """Return what two microphones add to `trace` of measurement.json; a bearing is null where there is none."""
    records = [record.bearing for record in clip.trace if record.bearing is not None]
    if not records:
        return {}
    return {
        "bearing_deg": [each.degrees if each.height >= FOUND else None for each in records],
        "bearing_height": [round(each.height, 3) for each in records],
        "other_bearing_deg": [each.other_degrees if each.other_height >= FOUND else None for each in records],
        "other_bearing_height": [round(each.other_height, 3) for each in records],
    }


def _height(record: TraceRecord) -> float:
    return 0.0 if record.bearing is None else record.bearing.height


def _judged(found: Sequence[TraceRecord], time_s: Numbers, duration_s: float) -> Judgement:
    bearings = [record.bearing for record in found if record.bearing is not None]
    degrees = np.array([each.degrees for each in bearings])
    track = _best_track(time_s, degrees)
    way = track.at(time_s)
    on_track = float(np.mean(np.abs(degrees - way) <= ELSEWHERE_DEG))
    nearly = np.array([each.other_height >= NEARLY * each.height for each in bearings])
    shared = np.array([each.height + each.other_height <= SHARED for each in bearings])
    others = np.array([each.other_degrees for each in bearings])
    elsewhere = float(np.mean(shared & (_elsewhere(degrees, way) | (nearly & _elsewhere(others, way)))))
    single = elsewhere <= SHARE_ELSEWHERE
    evidence = (
        f"{100 * on_track:.0f} % of {len(found)} loud moments lie on one track; in {100 * elsewhere:.0f} % another "
        "source is as loud or nearly so"
    )
    if on_track < MOST:
        single = None if single else False
        return Judgement(Direction.UNKNOWN, "the loud moments lie on no one track", single, evidence)
    first, last = float(way[0]), float(way[-1])
    seconds = float(time_s[-1] - time_s[0])
    whose = "" if single else "the louder one: "
    if abs(last - first) < STANDS_DEG:
        return Judgement(
            Direction.STANDING, f"{whose}at {first:+.0f} degrees for {seconds:.1f} s", single, evidence
        )
    inside = 0.0 <= track.closest_s <= duration_s
    return Judgement(
        Direction.LEFT_TO_RIGHT if last > first else Direction.RIGHT_TO_LEFT,
        f"{whose}from {first:+.0f} to {last:+.0f} degrees in {seconds:.1f} s",
        single,
        evidence,
        round(float(np.degrees(track.speed)), 1) if inside else None,
        round(track.closest_s, 2) if inside else None,
    )


def _elsewhere(degrees: Numbers, way: Numbers) -> npt.NDArray[np.bool_]:
    """Return where `degrees` is another source than the one at `way`, and no reflection of it."""
    low, high = REFLECTED
    part = np.tan(np.radians(degrees)) / np.tan(np.radians(np.where(np.abs(way) < 1.0, 1.0, way)))
    return (np.abs(degrees - way) > ELSEWHERE_DEG) & ~((low < part) & (part < high))


def _best_track(time_s: Numbers, degrees: Numbers) -> _Track:
    """Return the track that explains most of `degrees` at `time_s`, (n,) both."""
    stays = max(
        (_Track(_explained(degrees - bearing), bearing=float(bearing)) for bearing in range(-90, 91)),
        key=lambda track: track.explains,
    )
    closest_s = np.arange(time_s[0] - BEYOND_S, time_s[-1] + BEYOND_S, STEP_S)
    passes = _Track(0.0)
    for speed in np.geomspace(SLOWEST, FASTEST, SPEEDS):
        for signed in (-speed, speed):
            way = np.degrees(np.arctan(signed * (time_s - closest_s[:, np.newaxis])))
            explained = np.mean(_near(degrees - way), axis=1)
            best = int(np.argmax(explained))
            if explained[best] > passes.explains:
                passes = _Track(float(explained[best]), float(signed), float(closest_s[best]))
    return stays if stays.explains >= PLAINER * passes.explains else passes


def _explained(error_deg: Numbers) -> float:
    return float(np.mean(_near(error_deg)))


def _near(error_deg: Numbers) -> Numbers:
    """Return 1 for a moment on the track, 0 for one that is twice NEAR_DEG off or more."""
    return np.maximum(0.0, 1.0 - (error_deg / (2 * NEAR_DEG)) ** 2)
