"""Reasons to doubt the figures of an interval: one bit each, in FIGURES, in SECOND and in a clip's summary.

A flag is latched: set when anything in the interval (125 ms, a second, a clip) gave reason for it. 16 bits.
firmware/sensor/selfcheck.py decides and gives each its words; docs/protocol.md is the list for readers.
"""

try:
    from micropython import const  # pyright: ignore[reportAssignmentType]
except ImportError:  # CPython

    def const(value: int) -> int:
        """Return `value`; MicroPython's compiler folds it."""
        return value


OVERLOAD = const(1)  # a sample at full scale, or at the overload point of the microphone: levels read low
UNDER_RANGE = const(2)  # below what the microphone's own noise lets be measured: levels are its noise
STUCK = const(4)  # the signal does not move: no microphone is heard
DC_OFFSET = const(8)  # the mean of the signal is far from zero
FLOATING = const(16)  # the data line is not driven by the microphone alone
CLIPPED = const(32)  # flat tops below digital full scale: the microphone itself is overdriven or broken
NOISE_FLOOR = const(64)  # quieter than the microphone can be, or never as quiet as a street gets
SAMPLES_LOST = const(128)  # I2S overrun
