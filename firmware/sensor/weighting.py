"""A-weighting as second-order sections for `sosfilt`, rows b0 b1 b2 a0 a1 a2, gain 1 at 1 kHz.

Designed by gateway/weighting_design.py, which prints this table: high-pass sections first, because that keeps
the noise floor of single precision low, then the 12.2 kHz double pole, fitted. Largest error against
IEC 61672-1:2013, annex E, from 10 Hz: 0.07 dB up to 20 kHz (0.02 dB up to 16 kHz) at 48 kHz, 0.02 dB up to
14 kHz at 32 kHz, 0.06 dB up to 7.2 kHz at 16 kHz.
"""

from ulab import numpy as np

A_WEIGHTING = {
    48000: (
        (0.997309039125, -1.99461807825, 0.997309039125, 1, -1.99461445273, 0.994621703764),
        (0.947223501132, -1.89444700226, 0.947223501132, 1, -1.89380187599, 0.895092128537),
        (0.629603030695, -0.00145659963754, -0.0853378392665, 1, -0.693770803356, 0.124986980524),
    ),
    32000: (
        (0.995967627031, -1.99193525406, 0.995967627031, 1, -1.99192710761, 0.991943400512),
        (0.922592152749, -1.8451843055, 0.922592152749, 1, -1.84376911046, 0.846599500537),
        (0.842518992551, 0.662616064758, 0.104223314224, 1, 0.351417426174, -0.073208878527),
    ),
    16000: (
        (0.991959562342, -1.98391912468, 0.991959562342, 1, -1.98388666976, 0.98395157961),
        (0.854608595375, -1.70921719075, 0.854608595375, 1, -1.70394519206, 0.714489189441),
        (1.10501369771, 0.0585483946722, -0.10294741572, 1, -0.0950154287224, -0.0656629494264),
    ),
}


def a_weighting(rate: int) -> np.ndarray:
    """Return the sections (3, 6) for `rate` (Hz); ValueError for a rate that has no design."""
    if rate not in A_WEIGHTING:
        raise ValueError("no A-weighting for %d Hz: only for %s" % (rate, sorted(A_WEIGHTING)))
    return np.array(A_WEIGHTING[rate])
