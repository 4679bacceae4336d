"""What the levels are compared with in `stalenstraat bench`: a meter that works, and what both cost."""

import numpy as np
import pytest

from gateway import bench_level
from gateway.virtual.interpreter import Interpreter, firmware_files


def test_the_peer_is_a_sound_level_meter():
    """It reads 94 dB(A) of a 1 kHz tone of 94 dB, where full scale is 120 dB, and 25.1 Hz 44.7 dB lower."""
    t = np.arange(16000) / 16000
    with Interpreter({**firmware_files(), "peer.py": bench_level.PEER.encode()}) as interpreter:
        interpreter.exec(
            "import peer\ndef hear(data):\n    meter.process(data)\n    return str(meter.level).encode()"
        )
        for hz, level in ((1000.0, 94.0), (25.1189, 94.0 - 44.7)):
            interpreter.exec("meter = peer.Peer()")
            tone = 10 ** (-26 / 20) * np.sin(2 * np.pi * hz * t)
            words = np.round(tone * 32768).astype("<i2").tobytes()
            read = [float(interpreter.call("hear", words[at : at + 4000])) for at in range(0, 32000, 4000)]
            # Fast after a second; 25 Hz is 30 steps of 16 bits there.
            assert read[-1] == pytest.approx(level, abs=0.1 if hz == 1000.0 else 1.0)


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_levels_at_48_khz_cost_less_than_the_peers_fast_alone_at_16_khz(monkeypatch):
    """A, C, Z, Fast, Slow and the peak; where the peer's loop is not compiled. Bands are measured, and cost more."""
    monkeypatch.setattr(bench_level, "ROUNDS", 3)
    monkeypatch.setattr(bench_level, "SECONDS_PER_ROUND", 1)
    cost = bench_level.level_cost(None)
    assert 0 < cost.levels_ratio < cost.ratio
    assert cost.levels_ratio == pytest.approx(cost.levels_ms / cost.peer_ms)
    assert cost.ratio == pytest.approx(cost.with_bands_ms / cost.peer_ms)
    if not cost.peer_native:
        assert cost.levels_ratio < 1.0
