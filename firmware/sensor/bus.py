"""What I2S words betray of the bus they came over. Pure: arrays in, a verdict out; a few thousand instructions each.

An I2S microphone drives the data line for the 24 bits of its slot, then lets go (INMP441 data sheet, table 6: "this
pin tri-states when not actively driving the appropriate output channel"; 100 kOhm to ground discharge the line). What
follows the last bit is that bit for a while, then zeros. Good microphones show such low bytes: 00, f0 and f8 at an
ESP32 without the resistor, 00 and c0 at an RP2040. An empty slot shows it in all of its 32 bits. Any other low byte
was not made by a microphone: nobody drives the line.
"""

from ulab import numpy as np

LEFT = 1
RIGHT = 2

FLOATING_PART = 0.02  # of the low bytes of a block; a spike on the line is no fault
# A line that is nobody's may be noise in all its bits: neighbours then differ by twice their mean square. No sound
# does so at 110 dB, and none has 110 dB without low frequencies.
WHITE_POWER = 0.1
WHITE_LOWEST = 1.7
WHITE_HIGHEST = 2.3
# Three samples in a row exactly at the extreme, in six places of 25 ms: a clean tone has that nowhere, because the
# neighbours of its top differ by more than a step of 24 bits.
FLAT_PLACES = 6


def held(words: np.ndarray) -> bool:
    """Say whether `words` (uint8 or uint16) are what a line shows that nobody drives: ones, then zeros."""
    rest = ~words
    return not np.any(rest & (rest + 1))


def floating(low: np.ndarray) -> bool:
    """Say whether the low bytes `low` (uint8) of a block hold what no 24-bit microphone leaves there."""
    rest = ~low
    return np.sum(np.not_equal(rest & (rest + 1), 0)) > FLOATING_PART * len(low)


def white(x: np.ndarray) -> bool:
    """Say whether `x` (float, n) is noise near full scale whose neighbours have nothing to do with each other."""
    power = np.dot(x, x)
    if power < WHITE_POWER * len(x):
        return False
    steps = np.diff(x)
    return WHITE_LOWEST < np.dot(steps, steps) / power < WHITE_HIGHEST


def flat(x: np.ndarray, extreme: float) -> bool:
    """Say whether `x` (float, n) is cut off at `extreme`, its maximum or minimum."""
    at = np.equal(x, extreme)
    if np.sum(at) < FLAT_PLACES + 2:
        return False
    return np.sum(at[2:] * at[1:-1] * at[:-2]) >= FLAT_PLACES


def slots_in_use(raw: bytearray) -> int:
    """Return which slots of `raw` (I2S words, left and right in turn) carry a signal: 0, LEFT, RIGHT or their sum."""
    halves = np.frombuffer(raw, dtype=np.uint16)
    found = 0
    for slot in range(2):
        low, high = halves[2 * slot :: 4], halves[2 * slot + 1 :: 4]
        still = np.min(low) == np.max(low) and np.min(high) == np.max(high)
        if not still and not (held(low) and held(high)):
            found |= LEFT << slot
    return found
