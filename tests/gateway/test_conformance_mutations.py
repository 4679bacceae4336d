"""A broken firmware makes `stalenstraat conformance` fail: each fault through the command's own code.

A fault is a piece of the firmware's source that is replaced; the tables are cut to where it must show.
"""

import json
from dataclasses import replace
from typing import NamedTuple

import pytest

from gateway.conformance.command import Options, run_conformance
from gateway.conformance.tables import ConformanceError, Tables, read_tables
from gateway.virtual.interpreter import firmware_files

LEVELS = "firmware/sensor/levels.py"
WEIGHTING = "firmware/sensor/weighting.py"
ANALYSIS = "firmware/sensor/analysis.py"
MICROPHONE = "firmware/sensor/microphone.py"
SELFCHECK = "firmware/sensor/selfcheck.py"
SECTIONS = "np.array(C_SECTIONS[rate]) / STEPS, np.array(A_SECTIONS[rate]) / STEPS"
BURSTS_MS = (200.0, 2.0)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


def changed(code: str) -> str:
    """Return what replaces SECTIONS so that `code` changes the sections `c` and `a`."""
    return f"changed({SECTIONS})\n\n\ndef changed(c, a):\n    {code}\n    return c, a"


class Fault(NamedTuple):
    """`new` in place of `old` in the file `path`; `test` must notice it, at `nominal_hz` when that is of Table 3."""

    path: str
    old: str
    new: str
    test: str
    nominal_hz: float = 1000.0
    rate: int = 48000


FAULTS = {
    "the high-passes of C and A changed places": Fault(
        WEIGHTING, SECTIONS, changed("c[0], a[0] = a[0].copy(), c[0].copy()"), "frequency weighting", 63
    ),
    "a pole of the high-pass is too low": Fault(
        WEIGHTING,
        SECTIONS,
        changed("c[0, 4:] = np.array([-1.99730722637, 0.997309039124])"),
        "frequency weighting",
        31.5,
    ),
    "C lacks its section for the top": Fault(
        WEIGHTING, SECTIONS, changed("c = c[:1]"), "frequency weighting", 8000
    ),
    "A is C": Fault(LEVELS, "a *= a", "a = c * c", "frequency weighting", 100),
    # At 48 kHz class 1 forgives that: its limits are 5 dB at 12.5 kHz and 16 dB at 16 kHz.
    "the top is a plain bilinear transform": Fault(
        WEIGHTING,
        SECTIONS,
        changed("c[1] = np.array([0.29900673, 0.59801347, 0.29900673, 1, 0.17947173, 0.00805253])"),
        "frequency weighting",
        10000,
        32000,
    ),
    "the filters forget at every block": Fault(
        LEVELS, "c, self._c_state = scipy", "c, _ = scipy", "frequency weighting", 31.5
    ),
    "the constant offset is followed too fast": Fault(
        ANALYSIS, "MEAN_PART = 0.05", "MEAN_PART = 1.0", "frequency weighting", 20
    ),
    "a block is left out of Leq": Fault(
        LEVELS, "max(self._blocks, 1)", "max(self._blocks - 1, 1)", "frequency weighting"
    ),
    "Fast has another time constant": Fault(LEVELS, "FAST_S = 0.125", "FAST_S = 0.145", "decay"),
    "Slow has another time constant": Fault(LEVELS, "SLOW_S = 1.0", "SLOW_S = 1.25", "decay"),
    "the maximum is that of the last block": Fault(
        LEVELS, "max(self.largest, np.max(average))", "np.max(average)", "toneburst"
    ),
    "the maximum is the value at the end": Fault(
        LEVELS, "level_db(fast.largest", "level_db(fast.last[A]", "toneburst"
    ),
    "the peak is A-weighted": Fault(
        LEVELS, "self._peak.add(c, squares)", "self._peak.add(a, a)", "C-weighted peak"
    ),
    "the peak is not weighted": Fault(
        LEVELS, "self._peak.add(c, squares)", "self._peak.add(x, x * x)", "C-weighted peak"
    ),
    "the peak has one side": Fault(
        LEVELS, "self._peak.add(c, squares)", "self._peak.add(c, squares * (c > 0))", "C-weighted peak"
    ),
    "samples lose their lower byte": Fault(
        MICROPHONE,
        "words *= WORD_SCALE",
        "words *= WORD_SCALE\n    words[:] = np.floor(words * 32768) / 32768",
        "noise",
    ),
    "loud sounds are compressed": Fault(
        MICROPHONE,
        "words *= WORD_SCALE",
        "words *= WORD_SCALE\n    words -= words * words * words * 0.1",
        "linearity",
    ),
    "C is 0.3 dB up": Fault(LEVELS, "self._weigh(C, squares)", "self._weigh(C, squares * 1.07)", "agreement"),
    "overload is seen too early": Fault(SELFCHECK, "FULL_SCALE = 0.9999", "FULL_SCALE = 0.85", "overload"),
    "overload is not seen": Fault(SELFCHECK, "FULL_SCALE = 0.9999", "FULL_SCALE = 1.1", "overload"),
    "overload is seen on one side": Fault(SELFCHECK, " or self._smallest < -self._overload", "", "overload"),
}


def cut(nominal_hz: float) -> Tables:
    """Return the tables with what is quick: one frequency, two bursts."""
    tables = read_tables()
    return replace(
        tables,
        weighting=tuple(
            line for line in tables.weighting if line.nominal_hz in {nominal_hz, 31.5, 1000, 8000}
        ),
        toneburst=tuple(line for line in tables.toneburst if line.ms in BURSTS_MS),
    )


def broken(fault: Fault) -> dict[str, bytes]:
    """Return the firmware with `fault` in it."""
    files = firmware_files()
    source = files[fault.path].decode()
    assert 1 == source.count(fault.old)
    source = source.replace(fault.old, fault.new)
    if "np." in fault.new and "import numpy as np" not in source:
        source = source.replace("from ulab import utils", "from ulab import numpy as np, utils")
    return {**files, fault.path: source.encode()}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_firmware_is_the_exit_code(name, tmp_path):
    """Class 1 is missed, in rows of the test that the fault concerns."""
    fault = FAULTS[name]
    path = tmp_path / "levels.json"
    options = Options(rate=fault.rate, json=path)
    tables = cut(fault.nominal_hz)
    assert 1 == run_conformance(options, tests=(fault.test,), tables=tables, firmware=broken(fault))
    found = json.loads(path.read_text())
    assert found["class"] != 1
    assert [row for row in found["rows"] if row["class"] != 1]


def test_an_unstable_filter_is_said():
    """A coefficient of the high-pass is 2 % off: what comes out is no number."""
    fault = Fault(WEIGHTING, "8388608, -16732072, 8343525", "8388608, -16732072, 8510396", "agreement")
    with pytest.raises(ConformanceError, match="levels are no numbers: a filter is unstable"):
        run_conformance(Options(), tests=(fault.test,), firmware=broken(fault))


def test_at_32_khz_the_firmware_as_it_is_passes_what_its_fault_fails():
    """At 10 kHz. At 48 kHz tests/gateway/test_conformance.py runs everything."""
    assert 0 == run_conformance(Options(rate=32000), tests=("frequency weighting",), tables=cut(10000))
