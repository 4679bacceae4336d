"""What an engine does, from its firing frequency and level over the last three seconds; said in words.

Only a track that is there most of the time says anything; else it is `unknown`. Ratios, not hertz: what counts is
how the engine's speed changes, whatever its cylinders.
"""

from array import array

FRAMES = 24  # three seconds
FRAME_S = 0.125
ENOUGH = 8  # frames with a track: one second
STEADY = 1.1  # highest to lowest: the tracker's step is 1.02
PASSED = 1.22  # highest to lowest of a tone that only falls: Doppler of a pass at 120 km/h
RISEN = 1.2  # a fifth more speed within three seconds is a wide open throttle
JUMP = 1.35  # from one frame to the next it is another series, not the engine
HOP = 1.12  # within this it is a part or multiple of the last one
PARTS = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)  # of the same series, between which the tracker may hop
IDLE_HZ = 45.0  # fires less often: idling, when nothing changes
IDLE_DB = 3.0  # highest to lowest level of an engine that only idles


class Behaviour:
    """`add` each frame; `judge` returns (behaviour, evidence) when somebody asks."""

    def __init__(self) -> None:
        self._hz = array("f", [0.0] * FRAMES)
        self._db = array("f", [0.0] * FRAMES)
        self._next = 0

    def add(self, firing_hz: float, level_db: float) -> None:
        """Take a frame's firing frequency (Hz, 0.0 none) and level (dB)."""
        self._hz[self._next] = firing_hz
        self._db[self._next] = level_db
        self._next = (self._next + 1) % FRAMES

    def judge(self) -> tuple[str, str]:
        """Return one of revving, acceleration, steady_pass, idling, unknown, and what speaks for it."""
        track: list[float] = []
        levels: list[float] = []
        parts: list[float] = []
        for index in range(FRAMES):
            at = (self._next + index) % FRAMES
            hz = self._hz[at]
            if not hz:
                continue
            part = _nearest(hz, track[-1]) if track else 1.0
            reach = JUMP if part == 1.0 else HOP
            if track and not track[-1] / reach < hz * part < track[-1] * reach:
                track = []  # another series: begin again
                levels = []
                parts = []
                part = 1.0
            track.append(hz * part)
            levels.append(self._db[at])
            parts.append(part)
        if len(track) < ENOUGH:
            return "unknown", "no harmonic series for a second"
        usual = max(parts, key=parts.count)
        return _judged([hz / usual for hz in track], levels)


def _nearest(hz: float, last: float) -> float:
    # The part or multiple of `hz` that is nearest to the last one.
    return min(PARTS, key=lambda part: max(hz * part / last, last / (hz * part)))


def _judged(track: list[float], levels: list[float]) -> tuple[str, str]:
    lowest = min(track)
    highest = max(track)
    peak = track.index(highest)
    before = min(track[: peak + 1])
    after = min(track[peak:])
    span = max(levels) - min(levels)
    seconds = len(track) * FRAME_S
    if highest >= RISEN * before and highest >= RISEN * after:
        return "revving", "firing frequency rose from %d to %d Hz and fell to %d Hz within %.1f s" % (
            before,
            highest,
            after,
            seconds,
        )
    if highest >= RISEN * before:
        return "acceleration", "firing frequency rose from %d to %d Hz within %.1f s" % (
            before,
            highest,
            seconds,
        )
    only_falls = highest < STEADY * before and highest < PASSED * lowest
    if highest > STEADY * lowest and not only_falls:
        return "unknown", "firing frequency between %d and %d Hz, neither steady nor rising" % (
            lowest,
            highest,
        )
    if highest < IDLE_HZ and span < IDLE_DB:
        return "idling", "firing frequency steady at %d Hz and level within %.1f dB for %.1f s" % (
            lowest,
            span,
            seconds,
        )
    return "steady_pass", "firing frequency from %d to %d Hz in %.1f s, level changing by %.1f dB" % (
        track[0],
        track[-1],
        seconds,
        span,
    )
