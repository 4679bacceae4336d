"""What an engine does, from its firing frequency, its level and its bangs over some seconds; said in words.

Only a track that is there for a second says anything; else it is `unknown`. Ratios, not hertz: what counts is how the
engine's speed changes, whatever its cylinders.
- revving: it rises by a fifth or more and falls again, as an engine out of gear does; or the level leaps up, stays and
  drops as no vehicle that comes and goes can make it; or the engine is held above idling while the level stands still.
- acceleration: it rises, and what falls between are gear changes: short, and followed by a rise that takes longer.
- pops: three bangs or more without a rise, mostly while the engine slows down.
- steady_pass: it changes by no more than a pass-by's Doppler shift while the level comes and goes.
- idling: it stays where engines idle, and so does the level.
"""

import math
from array import array

FRAMES = 80  # ten seconds: what a clip holds
FRAME_S = 0.125
NOW = 24  # frames that count when nobody says how many: three seconds
ENOUGH = 8  # frames with a track: one second
GAP = 4  # frames without a series that a track may have
STEADY = 1.1  # highest to lowest: the tracker's step is 1.02
PASSED = 1.22  # highest to lowest of a tone that only falls: Doppler of a pass at 120 km/h
RISEN = 1.2  # a fifth more speed is an open throttle
BACK = 0.5  # a rev falls back by this much of its rise, in ln(f)
SHIFT_S = 0.6  # a fall that is shorter may be a gear change
QUICK = 1.5  # d ln(f) / dt from which on an engine is out of gear
JUMP = 1.8  # from one frame to the next it is another series: a free engine goes by two thirds at most
HOP = 1.12  # within this it is a part or multiple of the last one
PARTS = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)  # of the same series, between which the tracker may hop
IDLE_HZ = 45.0  # fires less often: idling, when nothing changes
STANDING_DB = 3.0  # highest to lowest level of an engine that stands
HELD_S = 2.0  # it stands, when its level does for so long
BANGS = 3
LEAP_DB = 8.0  # up, within LEAP frames, and down again: at 70 km/h past at 8 m it takes twice as long
LEAP = 5
LOW = 5  # frames that it stays down: longer than a gear change

TYPE_CHECKING = False
if TYPE_CHECKING:
    Rise = tuple[float, float, float]  # from Hz, to Hz, in seconds


class Behaviour:
    """`add` each frame; `judge` returns (behaviour, evidence) when somebody asks."""

    def __init__(self) -> None:
        self._hz = array("f", [0.0] * FRAMES)
        self._db = array("f", [0.0] * FRAMES)
        self._bangs = bytearray(FRAMES)
        self._next = 0

    def add(self, firing_hz: float, level_db: float, bangs: int = 0) -> None:
        """Take a frame's firing frequency (Hz, 0.0 none), level (dB) and number of bangs."""
        self._hz[self._next] = firing_hz
        self._db[self._next] = level_db
        self._bangs[self._next] = bangs
        self._next = (self._next + 1) % FRAMES

    def judge(self, frames: int = NOW) -> tuple[str, str]:
        """Return what the engine did in the last `frames` (at most FRAMES), and what speaks for it.

        One of revving, acceleration, pops, steady_pass, idling, unknown.
        """
        frames = min(frames, FRAMES)
        order = [(self._next - frames + index) % FRAMES for index in range(frames)]
        track = _track([self._hz[at] for at in order])
        hertz = [hz for _, hz in track]
        levels = [self._db[at] for at in order]
        driven = _driven(track) if len(track) >= ENOUGH else None
        leaps = _leaps(levels)
        if leaps and (not driven or driven[0] != "revving"):
            height, seconds = max(leaps)
            said = "level rose by %.0f dB in %.1f s%s, and fell again" % (height, seconds, _times(len(leaps)))
            return "revving", driven[1] + "; " + said if driven else said
        if driven:
            return driven
        count = sum([self._bangs[at] for at in order])
        if count >= BANGS:
            banged = [index for index, at in enumerate(order) if self._bangs[at]]
            said = "%d bangs in %.1f s" % (count, (banged[-1] - banged[0] + 1) * FRAME_S)
            if len(track) >= ENOUGH and STEADY * hertz[-1] < hertz[0]:
                said += " while the firing frequency fell from %d to %d Hz" % (hertz[0], hertz[-1])
            return "pops", said
        if len(track) < ENOUGH:
            return "unknown", "no harmonic series for a second"
        return _even(track, [levels[time] for time, _ in track])


def _track(hertz: list[float]) -> list[tuple[int, float]]:
    """Return the longest track in `hertz` as (frame, Hz), with hops between parts of a series undone."""
    best: list[tuple[int, float]] = []
    best_parts: list[float] = []
    track: list[tuple[int, float]] = []
    parts: list[float] = []
    for time, hz in enumerate(hertz):
        if not hz:
            continue
        part = 1.0
        if track:
            before, last = track[-1]
            ahead = _ahead(track)
            part = min(PARTS, key=lambda part: abs(math.log(hz * part / ahead)))
            off = abs(math.log(hz * part / ahead))
            if part != 1.0 and off > math.log(HOP):
                part = 1.0
                off = abs(math.log(hz / last))
            if time - before > GAP or off > math.log(JUMP):
                track = []  # another series: begin again
                parts = []
                part = 1.0
        track.append((time, hz * part))
        parts.append(part)
        if len(track) >= len(best):
            best = track
            best_parts = parts
    usual = max(best_parts, key=best_parts.count) if best else 1.0
    return [(time, hz / usual) for time, hz in best]


def _ahead(track: list[tuple[int, float]]) -> float:
    # Where a track goes on: at its last frequency, or half as far again as it went before.
    last = track[-1][1]
    if len(track) < 2 or track[-1][0] - track[-2][0] > 1:
        return last
    return last * math.sqrt(last / track[-2][1])


def _turns(hertz: list[float]) -> list[int]:
    """Return where `hertz` turns: between two of them it rises or falls by RISEN or more; none when it does not."""
    turns: list[int] = []
    low = high = direction = 0
    for at, hz in enumerate(hertz):
        if direction >= 0 and hz >= hertz[high]:
            high = at
        if direction <= 0 and hz <= hertz[low]:
            low = at
        if direction <= 0 and hz >= RISEN * hertz[low]:
            turns.append(low)
            direction = 1
            high = at
        elif direction >= 0 and RISEN * hz <= hertz[high]:
            turns.append(high)
            direction = -1
            low = at
    if direction:
        turns.append(high if direction > 0 else low)
    return turns


def _driven(track: list[tuple[int, float]]) -> "tuple[str, str] | None":
    """Return revving or acceleration when `track` rises, else None."""
    turns = [track[at] for at in _turns([hz for _, hz in track])]
    rises: list[Rise] = []
    revs: list[Rise] = []
    for index in range(len(turns) - 1):
        (start, low), (end, top) = turns[index], turns[index + 1]
        if top < low:
            continue
        rise = (low, top, (end - start) * FRAME_S)
        rises.append(rise)
        if index + 2 == len(turns):
            continue
        stop, bottom = turns[index + 2]
        risen = math.log(top / low)
        followed = index + 3 < len(turns)  # else the fall may not be over
        shift = followed and (stop - end) * FRAME_S < SHIFT_S and risen < QUICK * rise[2]
        if math.log(top / bottom) >= BACK * risen and not shift:
            revs.append(rise)
    if revs:
        return "revving", _rose(max(revs, key=_height)) + _times(len(rises)) + ", and fell again"
    if not rises:
        return None
    if len(rises) == 1:
        return "acceleration", _rose(rises[0])
    changes = len(rises) - 1
    start, low = turns[0] if turns[0][1] < turns[1][1] else turns[1]
    end, top = max(turns, key=lambda turn: turn[1])
    said = _rose((low, top, (end - start) * FRAME_S)) if end > start else _rose(max(rises, key=_height))
    return "acceleration", said + ", with %d gear change%s" % (changes, "" if changes == 1 else "s")


def _height(rise: "Rise") -> float:
    return rise[1] / rise[0]


def _rose(rise: "Rise") -> str:
    return "firing frequency rose from %d to %d Hz in %.1f s" % rise


def _times(count: int) -> str:
    return ("", "", ", twice", ", three times")[count] if count < 4 else ", %d times" % count


def _leaps(levels: list[float]) -> list[tuple[float, float]]:
    """Return (dB, seconds) of each leap of `levels` (dB, by frames) that ends as suddenly."""
    found: list[tuple[float, float]] = []
    at = 1
    while at < len(levels) - LOW:
        start = at - 1
        top = max(levels[at : at + LEAP])
        if levels[at] < levels[start] + 2.0 or top < levels[start] + LEAP_DB:
            at += 1
            continue
        # It stays up, for more than a bang, until it drops.
        end = at + levels[at : at + LEAP].index(top)
        seconds = (end - start) * FRAME_S
        last = end
        while last + 1 < len(levels) and levels[last + 1] > top - 0.75 * LEAP_DB:
            last += 1
            top = max(top, levels[last])
        drop = levels[last + 1 : last + 1 + LEAP]
        low = levels[last + LEAP : last + LEAP + LOW]
        stays = last - at >= 1
        if stays and len(low) == LOW and min(drop) <= top - LEAP_DB and max(low) <= top - LEAP_DB:
            found.append((top - levels[start], seconds))
        at = last + 1
    return found


def _even(track: list[tuple[int, float]], levels: list[float]) -> tuple[str, str]:
    """Return what a track that does not rise says."""
    hertz = [hz for _, hz in track]
    lowest = min(hertz)
    highest = max(hertz)
    span = max(levels) - min(levels)
    seconds = (track[-1][0] - track[0][0] + 1) * FRAME_S
    only_falls = highest < STEADY * hertz[0] and highest < PASSED * lowest
    if highest > STEADY * lowest and not only_falls:
        return "unknown", "firing frequency between %d and %d Hz, neither steady nor rising" % (
            lowest,
            highest,
        )
    stands = "at %d Hz and level within %.1f dB for %.1f s" % (lowest, span, seconds)
    if span < STANDING_DB and highest < IDLE_HZ:
        return "idling", "firing frequency steady " + stands
    if span < STANDING_DB and seconds >= HELD_S:
        return "revving", "firing frequency held " + stands
    return "steady_pass", "firing frequency from %d to %d Hz in %.1f s, level changing by %.1f dB" % (
        hertz[0],
        hertz[-1],
        seconds,
        span,
    )
