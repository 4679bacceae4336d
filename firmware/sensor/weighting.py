"""C- and A-weighting as second-order sections for `sosfilt`, rows b0 b1 b2 a0 a1 a2, gain 1 at 1 kHz.

A is C through one more section: one pass through the first two gives both. Designed by gateway/weighting_design.py,
which prints these tables: high-pass sections, and the 12.2 kHz double pole, fitted. Largest error of A and C against
IEC 61672-1:2013, annex E, from 10 Hz: 0.02 dB up to 16 kHz and 0.08 dB up to 20 kHz at 48 kHz, 0.01 dB up to 14 kHz at
32 kHz, 0.02 dB up to 7.2 kHz at 16 kHz.
"""

from ulab import numpy as np

C_SECTIONS = {
    48000: (
        (0.997309039125, -1.99461807825, 0.997309039125, 1, -1.99461445273, 0.994621703764),
        (0.504040635848, -0.017584819661, -0.074494171195, 1, -0.72633246215, 0.135446235456),
    ),
    32000: (
        (0.995967627031, -1.99193525406, 0.995967627031, 1, -1.99192710761, 0.991943400512),
        (0.674410261112, 0.575424276128, 0.0985742444927, 1, 0.417006535365, -0.0782211495153),
    ),
    16000: (
        (0.991959562342, -1.98391912468, 0.991959562342, 1, -1.98388666976, 0.98395157961),
        (0.887073456921, 0.606919542302, 0.0653090746243, 1, 0.535977798134, 0.0123912490815),
    ),
}
A_SECTIONS = {
    48000: ((1.18299929283, -2.36599858567, 1.18299929283, 1, -1.89396695967, 0.895254874792),),
    32000: ((1.15148155956, -2.30296311912, 1.15148155956, 1, -1.84418135239, 0.847002770791),),
    16000: ((1.06269573227, -2.12539146455, 1.06269573227, 1, -1.70692761301, 0.71734332075),),
}


def weightings(rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sections of C, (2, 6), and those that make A of it, (1, 6), for `rate` (Hz).

    ValueError for a rate that has no design.
    """
    if rate not in C_SECTIONS:
        raise ValueError("no weighting for %d Hz: only for %s" % (rate, sorted(C_SECTIONS)))
    return np.array(C_SECTIONS[rate]), np.array(A_SECTIONS[rate])
