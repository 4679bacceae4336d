"""C- and A-weighting as second-order sections for `sosfilt`, rows b0 b1 b2 a0 a1 a2, gain 1 at 1 kHz.

A is C through one more section: one pass through the first two gives both. Designed by gateway/weighting_design.py,
which prints these tables: high-pass sections, and the 12.2 kHz double pole, fitted. Largest error of A and C against
IEC 61672-1:2013, annex E, from 10 Hz: 0.02 dB up to 16 kHz and 0.08 dB up to 20 kHz at 48 kHz, 0.02 dB up to 14 kHz at
32 kHz and up to 7.2 kHz at 16 kHz. Whole numbers of STEPS to 1: the same bits whatever a board computes in.
"""

from ulab import numpy as np

STEPS = 8388608
C_SECTIONS = {
    48000: (
        (8366035, -16732070, 8366035, 8388608, -16732072, 8343525),
        (4228199, -147512, -624902, 8388608, -6092918, 1136205),
    ),
    32000: (
        (8354782, -16709564, 8354782, 8388608, -16709537, 8321066),
        (5657363, 4827009, 826901, 8388608, 3498104, -656167),
    ),
    16000: (
        (8321160, -16642320, 8321160, 8388608, -16642079, 8254016),
        (7441311, 5091210, 547852, 8388608, 4496107, 103945),
    ),
}
A_SECTIONS = {
    48000: ((9923741, -19847482, 9923741, 8388608, -15887689, 7509890),),
    32000: ((9659341, -19318682, 9659341, 8388608, -15470033, 7105102),),
    16000: ((8914536, -17829072, 8914536, 8388608, -14318701, 6017480),),
}


def weightings(rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sections of C, (2, 6), and those that make A of it, (1, 6), for `rate` (Hz).

    ValueError for a rate that has no design.
    """
    if rate not in C_SECTIONS:
        raise ValueError("no weighting for %d Hz: only for %s" % (rate, sorted(C_SECTIONS)))
    return np.array(C_SECTIONS[rate]) / STEPS, np.array(A_SECTIONS[rate]) / STEPS
