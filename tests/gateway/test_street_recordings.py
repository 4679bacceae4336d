"""Simulated exhausts held against recorded ones: third-octaves of the loudest second."""

import csv
from pathlib import Path

import numpy as np
import pytest

from gateway.virtual.level import a_weighted_equivalent_db, a_weighted_fast_db
from gateway.virtual.sound import load
from gateway.virtual.street.engines.families import FAMILIES
from gateway.virtual.street.events import positive
from gateway.virtual.street.recording_chain import chain
from gateway.virtual.street.shaping import RATE

SOUNDS = Path(__file__).parents[2].parent / "shared" / "sounds" / "dev"
BANDS = 1000.0 * 2.0 ** (np.arange(-13, 10) / 3)  # 50 Hz to 8 kHz

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.recordings,
    pytest.mark.skipif(not SOUNDS.is_dir(), reason="the recordings beside the project are not here"),
]


def profile(x):
    """Return third-octaves (dB) against the A-level, of the loudest second of `x`."""
    at = int(a_weighted_fast_db(x, RATE).argmax())
    start = max(0, min(at - RATE // 2, x.size - RATE))
    part = x[start : start + RATE]
    power = np.abs(np.fft.rfft(part * np.hanning(part.size))) ** 2
    hz = np.fft.rfftfreq(part.size, 1 / RATE)
    levels = [
        10 * np.log10(power[(hz >= band / 2 ** (1 / 6)) & (hz < band * 2 ** (1 / 6))].sum() + 1e-12)
        for band in BANDS
    ]
    whole = 10 * np.log10(power.sum()) - 10 * np.log10(np.mean(part**2))
    return np.maximum(-40.0, np.array(levels) - whole - a_weighted_equivalent_db(part, RATE) + 123.01)


def test_recorded_exhausts_lie_within_the_spread_of_simulated_ones():
    """Nine of ten third-octaves of all recorded positives, and two of three of each."""
    simulated = np.array(
        [
            profile(chain(np.random.default_rng(seed)).applied(positive(seed, families=[family]).samples)[0])
            for seed, family in enumerate(FAMILIES * 2)
        ]
    )
    with (SOUNDS / "manifest.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file) if row["label"] == "positive"]
    recorded = np.array([profile(load(SOUNDS / name)) for name in names])
    low, high = simulated.min(axis=0) - 1.0, simulated.max(axis=0) + 1.0
    inside = (recorded >= low) & (recorded <= high)

    assert np.ptp(simulated, axis=0).max() < 60.0  # a spread without an end would prove nothing
    assert inside.mean() > 0.9
    assert inside.mean(axis=1).min() > 0.66
    # The middle of both is the same within what a family differs from the next.
    assert np.abs(np.median(recorded, axis=0) - np.median(simulated, axis=0))[2:20].max() < 8.0
