"""A level that leaps up, stays and drops again: the throttle of an engine that stands, with orders to be heard or not.

No vehicle that comes and goes is so sudden: at 70 km/h past at 8 m it takes twice as long for as much.
"""

FRAME_S = 0.125
LEAP_DB = 8.0  # up, within LEAP frames, and down again, within FALLS
LEAP = 5
FALLS = 3  # frames that it takes to fall
LOW = 4  # frames that it stays down after that: longer than a gear change


def leaps_of(levels: list[float]) -> list[tuple[float, float, int]]:
    """Return (dB up, seconds up, frames up there) of each time that `levels` (dB) leap up and drop again, to stay."""
    found: list[tuple[float, float, int]] = []
    low = 0.0
    start = end = -1  # of a leap up
    for at in range(1, len(levels) - LEAP):
        if at <= end:
            continue
        if end < 0:
            low = levels[at - 1]
            high = [level >= low + LEAP_DB for level in levels[at : at + LEAP]]
            if levels[at] > low and sum(high) >= 2:
                start = at - 1
                end = at + high.index(True)
            continue
        before = levels[max(end, at - 4) : at]
        usual = sum(before) / len(before)
        after = levels[at + FALLS : at + FALLS + LOW]
        if levels[at] < usual and len(after) == LOW and max(after) <= usual - LEAP_DB:
            up = levels[start + 1 : start + 1 + LEAP]
            found.append((max(up) - low, (up.index(max(up)) + 1) * FRAME_S, at - end))
            end = -1
    return found
