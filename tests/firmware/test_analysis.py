"""The facade: frames, flags, two microphones."""

import numpy as np
import pytest

RATE = 48000


def noise(seconds, rms, seed=1):
    """Return white noise (n,)."""
    return rms * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def test_five_blocks_are_a_frame(interpreter, analyse):
    """`process` says so at every fifth block, and only then."""
    analyse(noise(0.125, 0.01))
    said = interpreter.exec(
        "print([listening.analysis.process(listening.block) for _ in range(10)])",
    )
    assert "[False, False, False, False, True, False, False, False, False, True]" == said.strip()


def test_with_two_microphones_the_left_one_is_measured(analyse):
    """What the right one hears changes nothing."""
    left, right = noise(1, 0.05), noise(1, 0.5, seed=2)
    alone, both = analyse(left)[-1], analyse(np.stack([left, right]))[-1]
    assert both == alone


def test_clipping_is_flagged_as_overload_in_the_frame_where_it_happens(analyse):
    """One sample at full scale is enough; the frame after it is clean again."""
    x = noise(0.5, 0.01)
    x[7000] = 1.0
    assert [0, 1, 0, 0] == [frame.flags for frame in analyse(x)]


def test_a_microphone_that_never_moves_is_flagged_as_stuck(analyse):
    """All zero, or stuck at a value: bit 2; what a converter makes of silence is not stuck, but under range."""
    assert analyse(np.zeros(RATE))[-1].flags & 4
    assert analyse(np.full(RATE, -0.25))[-1].flags & 4
    silence = analyse(noise(2, 2e-6))[-1]
    assert silence.flags == 2
    assert analyse(noise(2, 0.01))[-1].flags == 0


@pytest.mark.parametrize("x", [np.zeros(RATE), np.full(RATE, 1.0), np.tile([1.0, -1.0], RATE // 2)])
def test_no_input_makes_a_level_that_is_no_number(analyse, x):
    """Silence, a line stuck high, and a clipped square: every figure is finite, the score between 0 and 1."""
    for frame in analyse(x):
        assert np.isfinite(
            [frame.laf, frame.lafmax, frame.laeq, frame.score, frame.firing_hz, *frame.bands]
        ).all()
        assert 0.0 <= frame.score <= 1.0
