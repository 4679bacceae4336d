"""What an engine does, from its firing frequency, its level and its bangs over some seconds; said in words.

Only a track that is there for a second says anything; else it is `unknown`. Ratios, not hertz: what counts is how the
engine's speed changes, whatever its cylinders.
- revving: it rises by a fifth or more and falls again, as an engine out of gear does; or the level leaps up, stays and
  drops as no vehicle that comes and goes can make it.
- acceleration: it rises, no quicker than in gear; what falls between are gear changes.
- pops: three bangs or more without a rise, mostly while the engine slows down.
- steady_pass: it changes by no more than a pass-by's Doppler shift while the level comes and goes.
- idling: it stays where engines idle, and so does the level.
"""

import math
from array import array

from firmware.sensor.leaps import FRAME_S, leaps_of

FRAMES = 80  # ten seconds: what a clip holds
NOW = 24  # frames that count when nobody says how many: three seconds
ENOUGH = 8  # frames with a track: one second
SHORTEST = 5  # frames of a rev
GAP = 4  # frames without a series that a track may have
STEADY = 1.1  # highest to lowest: the tracker's step is 1.02
PASSED = 1.22  # highest to lowest of a tone that only falls: Doppler of a pass at 120 km/h
RISEN = 1.2  # a fifth more speed is an open throttle
BACK = 0.5  # a rev falls back by this much of its rise, in ln(f)
MOST = 0.7  # of its height, in ln(f), is how far a rise is timed
PULL_S = 1.0  # a rise in gear lasts longer, evenly
COASTED_S = 0.8  # a fall that takes so long is no gear change
QUICK = 1.0  # d ln(f) / dt from which on an engine is out of gear: doubled in 0.7 s
JUMP = 1.8  # from one frame to the next it is another series: a free engine goes by two thirds at most
HOP = 1.12  # within this it is a part or multiple of the last one
PARTS = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)  # of the same series, between which the tracker may hop
IDLE_HZ = 60.0  # fires less often: idling, when nothing changes
STANDING_DB = 3.0  # highest to lowest level of an engine that stands
HELD_S = 2.0  # it stands, when its level does for so long
BANGS = 2  # while the engine slows down; else one more
MANY = 4  # revs bang too
HELD = 8  # frames up there: no vehicle that passes so suddenly stays so long
LEAPS = 2  # so many are revs whatever the track says

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
        tracks = _tracks([self._hz[at] for at in order])
        track = max(tracks[::-1], key=len)  # of two as long, the later
        levels = [self._db[at] for at in order]
        banged = [index for index, at in enumerate(order) if self._bangs[at]]
        count = sum([self._bangs[at] for at in order])
        known = len(track) >= ENOUGH
        driven = _driven(track) if known else None
        for other in tracks:
            found = _driven(other) if other is not track and len(other) >= SHORTEST else None
            if found and found[0] == "revving":
                driven = found
        leaps = leaps_of(levels)
        revs = bool(driven and driven[0] == "revving") or len(leaps) >= LEAPS
        fell = known and STEADY * track[-1][1] < max([hz for _, hz in track])
        if count >= (MANY if revs else BANGS if fell else BANGS + 1) and not (
            known and max([hz for _, hz in track]) < IDLE_HZ
        ):
            return "pops", _banged(count, banged, track)
        held = bool(leaps) and max([lasts for _, _, lasts in leaps]) >= HELD
        leapt = len(leaps) >= LEAPS or held or (bool(leaps) and (not known or bool(driven)))
        if driven and driven[0] == "acceleration" and len(leaps) < LEAPS and _pulls(track):
            leapt = False
        if driven and (driven[0] == "revving" or not leapt):
            return driven
        if leapt:
            height, seconds, _ = max(leaps)
            said = "level rose by %.0f dB in %.1f s%s, and fell again" % (height, seconds, _times(len(leaps)))
            return "revving", said
        if not known:
            return "unknown", "no harmonic series for a second"
        return _even(track, [levels[time] for time, _ in track])


def _banged(count: int, at: list[int], track: list[tuple[int, float]]) -> str:
    said = "%d bangs in %.1f s" % (count, (at[-1] - at[0] + 1) * FRAME_S)
    if len(track) >= ENOUGH:
        highest = max([hz for _, hz in track])
        last = track[-1][1]
        if STEADY * last < highest:
            said += " while the firing frequency fell from %d to %d Hz" % (highest, last)
    return said


def _tracks(hertz: list[float]) -> list[list[tuple[int, float]]]:
    """Return the tracks in `hertz` as (frame, Hz), one at least, with hops between parts of a series undone."""
    tracks: list[list[tuple[int, float]]] = []
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
                tracks.append(_undone(track, parts))  # another series: begin again
                track = []
                parts = []
                part = 1.0
        track.append((time, hz * part))
        parts.append(part)
    tracks.append(_undone(track, parts))
    return tracks


def _undone(track: list[tuple[int, float]], parts: list[float]) -> list[tuple[int, float]]:
    usual = max(parts, key=parts.count) if parts else 1.0
    return [(time, hz / usual) for time, hz in track]


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
    hertz = [hz for _, hz in track]
    turned = _turns(hertz)
    turns = [track[at] for at in turned]
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
        risen = math.log(top / low)
        fallen = math.log(top / turns[index + 2][1])
        # How long it takes to go most of the way: the rest may be held, bounce off a limiter, or drift.
        most = low * math.exp(MOST * risen)
        at = turned[index]
        while hertz[at] < most:
            at += 1
        quick = MOST * risen >= QUICK * FRAME_S * (track[at][0] - start)
        most = top * math.exp(-MOST * fallen)
        at = turned[index + 1]
        while hertz[at] > most:
            at += 1
        coasted = FRAME_S * (track[at][0] - end) >= COASTED_S
        if fallen >= BACK * risen and (quick or coasted):
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


def _pulls(track: list[tuple[int, float]]) -> bool:
    """Return whether `track` rises as in gear somewhere: for a second or more, and no quicker than then."""
    steps = int(PULL_S / FRAME_S)
    for index in range(len(track) - steps):
        start, low = track[index]
        end, high = track[index + steps]
        if high >= RISEN * low and end - start < 2 * steps:
            middle = math.log(track[index + steps // 2][1] / low) / math.log(high / low)
            if 0.3 < middle < 0.7:
                return True
    return False


def _height(rise: "Rise") -> float:
    return rise[1] / rise[0]


def _rose(rise: "Rise") -> str:
    return "firing frequency rose from %d to %d Hz in %.1f s" % rise


def _times(count: int) -> str:
    return ("", "", ", twice", ", three times")[count] if count < 4 else ", %d times" % count


def _even(track: list[tuple[int, float]], levels: list[float]) -> tuple[str, str]:
    """Return what a track that does not rise says."""
    hertz = [hz for _, hz in track]
    # A tenth of the frames may be off; at idle a frame has two or three firings, so it is seconds that are compared.
    lowest, highest = _middle(hertz)
    seconds_db = [sum(levels[at : at + ENOUGH]) / ENOUGH for at in range(len(levels) - ENOUGH + 1)]
    span = max(seconds_db) - min(seconds_db)
    seconds = (track[-1][0] - track[0][0] + 1) * FRAME_S
    only_falls = highest < STEADY * max(hertz[:3]) and highest < PASSED * lowest
    if highest > STEADY * lowest and not only_falls:
        return "unknown", "firing frequency between %d and %d Hz, neither steady nor rising" % (
            lowest,
            highest,
        )
    stands = "at %d Hz and level within %.1f dB for %.1f s" % (lowest, span, seconds)
    if span < STANDING_DB and highest < IDLE_HZ:
        return "idling", "firing frequency steady " + stands
    if span < STANDING_DB and seconds >= HELD_S:
        return "unknown", "firing frequency held %s: an engine that stands, and does not idle" % stands
    return "steady_pass", "firing frequency from %d to %d Hz in %.1f s, level changing by %.1f dB" % (
        hertz[0],
        hertz[-1],
        seconds,
        span,
    )


def _middle(values: list[float]) -> tuple[float, float]:
    """Return lowest and highest of `values` without a tenth of them, half at each end."""
    ordered = sorted(values)
    off = len(ordered) // 20
    return ordered[off], ordered[-1 - off]
