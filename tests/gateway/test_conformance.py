"""`stalenstraat conformance` through the interpreter: what it prints and writes, when it fails, what it refuses."""

import json
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.boards import flashed_files
from gateway.cli import main
from gateway.conformance.command import Options, measure, run_conformance
from gateway.conformance.measurements import levels
from gateway.conformance.meter import interpreted
from gateway.conformance.tables import ConformanceError, Tables, hertz, read_tables
from gateway.virtual.interpreter import WASM, chosen_program, firmware_files

SPOTS_HZ = (10, 31.5, 1000, 8000, 20000)

webassembly = pytest.mark.skipif(
    chosen_program() != WASM.resolve(),
    reason="single precision is imitated by the WebAssembly interpreter only",
)


def spots(*nominal_hz: float) -> Tables:
    """Return the tables with only these lines of Table 3."""
    tables = read_tables()
    return replace(tables, weighting=tuple(w for w in tables.weighting if w.nominal_hz in nominal_hz))


@pytest.mark.parametrize("rate", [48000, 32000])
def test_the_json_has_a_row_for_every_weighting_at_every_frequency(rate, tmp_path):
    """In the contract's keys; limits are levels, the margin is to the nearer one; what has no limit says null."""
    path = tmp_path / "levels.json"
    options = Options(rate=rate, json=path)
    assert 0 == run_conformance(options, tests=("frequency weighting",), tables=spots(1000, 8000))
    found = json.loads(path.read_text())
    assert (1, rate) == (found["class"], found["rate_hz"])
    assert found["precision"] in {"float32", "float64"}
    assert [("A", 1000.0), ("C", 1000.0), ("Z", 1000.0)] == [
        (row["quantity"], row["frequency_hz"]) for row in found["rows"][:3]
    ]
    keys = {
        "test",
        "quantity",
        "frequency_hz",
        "goal_db",
        "measured_db",
        "lower_db",
        "upper_db",
        "margin_db",
        "class",
    }
    for row in found["rows"]:
        assert keys == set(row)
        assert row["lower_db"] < row["measured_db"] < row["upper_db"]
        nearer = min(row["measured_db"] - row["lower_db"], row["upper_db"] - row["measured_db"])
        assert row["margin_db"] == pytest.approx(nearer, abs=2e-4)


def test_what_is_printed_says_the_class_and_what_is_not_claimed(capsys, monkeypatch):
    """For a person: a table for each test, the worst margin, a closing sentence; no line is wider than the terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    assert 0 == run_conformance(
        Options(), tests=("frequency weighting", "agreement"), tables=spots(1000, 20000)
    )
    said = capsys.readouterr().out
    words = " ".join(said.split())
    assert "20 kHz" in said
    assert "LZeq - LAeq" in said
    assert "reaches class 1 of IEC 61672-1:2013 at 48 kHz" in words
    assert "from 10 Hz to 20 kHz" in words
    assert "Not claimed: the acoustic response of microphone, housing and windscreen" in words
    assert max(len(line) for line in said.splitlines()) <= 80


def test_at_32_khz_it_says_where_class_1_ends(capsys, tmp_path):
    """What lies above is measured and shown, and not counted; what the rate cannot carry is not there."""
    path = tmp_path / "levels.json"
    tables = spots(12500, 16000, 20000)
    assert 0 == run_conformance(Options(rate=32000, json=path), tests=("frequency weighting",), tables=tables)
    words = " ".join(capsys.readouterr().out.split())
    assert "Above 12.5 kHz nothing is claimed at 32 kHz" in words
    assert [12589.25, 15848.93] == sorted(
        {round(r["frequency_hz"], 2) for r in json.loads(path.read_text())["rows"]}
    )


def test_a_class_that_is_missed_is_the_exit_code(capsys):
    """A limit that the firmware cannot keep: exit code 1, and the sentence counts the rows."""
    tables = spots(1000, 8000)
    strict = tuple(replace(line, limits=replace(line.limits, class1_upper=-0.2)) for line in tables.weighting)
    tables = replace(tables, weighting=strict)
    assert 1 == run_conformance(Options(), tests=("frequency weighting",), tables=tables)
    assert "reaches class 2 of IEC 61672-1:2013" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
def test_every_row_is_class_1_in_single_precision(tmp_path, monkeypatch):
    """The command as it is typed, all of it: what a board computes; the bands too."""
    path = tmp_path / "levels.json"
    single = ["--single"] if chosen_program() == WASM.resolve() else []
    monkeypatch.setattr(sys, "argv", ["stalenstraat", "conformance", *single, "--json", str(path)])
    with pytest.raises(SystemExit) as left:
        main()
    assert 0 == left.value.code
    found = json.loads(path.read_text())
    assert (1, 48000) == (found["class"], found["rate_hz"])
    assert {1} == {row["class"] for row in found["rows"]} == {row["class"] for row in found["third_octaves"]}
    tests = Counter(row["test"] for row in found["rows"])
    assert (102, 33, 5) == tuple(
        tests[name] for name in ("frequency weighting", "toneburst", "C-weighted peak")
    )
    linear = [row for row in found["rows"] if row["test"] == "linearity"]
    assert max(abs(row["measured_db"] - row["goal_db"]) for row in linear) < 0.1
    weighted = [row for row in found["rows"] if row["test"] == "frequency weighting"]
    off = [abs(row["measured_db"] - row["goal_db"]) for row in weighted if 40 < row["frequency_hz"] < 16000]
    assert max(off) < 0.1  # of which half is the table's rounding


@webassembly
def test_single_precision_is_imitated_and_said():
    """The rows differ from those in double precision, by little; the precision is float32."""
    tables = spots(*SPOTS_HZ)
    rows = {}
    for single in (False, True):
        with interpreted(48000, None, single=single) as meter:
            rows[single] = measure(meter, tables, tests=("frequency weighting", "noise"))
            assert ("float32" if single else "float64") == meter.about.precision
    differences = [abs(a.measured_db - b.measured_db) for a, b in zip(rows[False], rows[True], strict=True)]
    assert 0 < max(differences[:-1]) < 0.05
    assert differences[-1] > 3  # the noise of the arithmetic is what precision makes it


def test_the_firmware_that_was_measured_is_named():
    """By the hash that a board with the same files says in its hello."""
    with interpreted(48000, None) as meter:
        assert flashed_files("sensor", {})["code.txt"].decode() == meter.about.firmware


def test_what_conformance_runs_is_never_flashed():
    """It is only for the one who measures."""
    assert [] == [path for path in flashed_files("sensor", {}) if "conformance" in path]


def test_the_same_signal_is_measured_once():
    """References are asked for again and again."""
    with interpreted(48000, None) as meter:
        tables = spots(1000)
        assert measure(meter, tables, tests=("frequency weighting",)) == measure(
            meter, tables, tests=("frequency weighting",)
        )
        assert 1 == len(meter._heard)


def test_the_levels_of_the_linearity_test_are_close_together_near_the_ends():
    """1 dB steps over 5 dB, 5 dB between, never more."""
    found = levels(118.9)
    steps = [b - a for a, b in pairwise(found)]
    assert (30.0, 118.9) == (found[0], pytest.approx(found[-1]))
    assert [1.0] * 5 == pytest.approx(steps[:5])
    assert [1.0] * 5 == pytest.approx(steps[-5:])
    assert all(0 < step <= 5.0001 for step in steps)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rate", "44100"], "--rate 44100: must be 48000 or 32000"),
        (["--board", "none", "--single"], "--single: not with --board"),
        (["--board", "none", "--interpreter", "x"], "--interpreter: not with --board"),
        (["--board", "/nowhere"], "/nowhere"),
        (["--single", "--interpreter", sys.executable], "ended by itself"),
    ],
)
@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
def test_what_cannot_be_asked_is_one_line(options, said, capsys, monkeypatch):
    """No traceback, exit code 1, before anything is measured."""
    monkeypatch.setattr(sys, "argv", ["stalenstraat", "conformance", *options])
    with pytest.raises(SystemExit) as left:
        main()
    assert 1 == left.value.code
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    """With the option it came from."""
    with pytest.raises(ConformanceError, match=r"--json .*: No such file or directory; name another file"):
        run_conformance(Options(json=tmp_path / "no" / "x.json"), tests=("agreement",))


def test_a_measurement_that_fails_leaves_no_file(tmp_path):
    """An empty one would look like a result."""
    path = tmp_path / "levels.json"
    broken = {**firmware_files(), "firmware/sensor/levels.py": b"x = 1\n"}
    with pytest.raises(ConformanceError, match="the firmware failed: ImportError"):
        run_conformance(Options(json=path), tests=("agreement",), firmware=broken)
    assert not path.exists()


@pytest.mark.skipif(
    chosen_program() == WASM.resolve(), reason="needs another interpreter than the WebAssembly one"
)
def test_another_interpreter_computes_as_it_was_built():
    """Its precision is not a choice."""
    with (
        pytest.raises(ConformanceError, match="only the WebAssembly interpreter"),
        interpreted(48000, None, single=True),
    ):
        pass


@pytest.mark.parametrize(
    ("hz", "text"),
    [(10.0, "10 Hz"), (31.6228, "31.5 Hz"), (12589.25, "12.5 kHz"), (1.25, "1.25 Hz"), (4000.0, "4 kHz")],
)
def test_a_frequency_is_called_by_its_nominal_value(hz, text):
    """What is exactly 12,589.25 Hz is known as 12.5 kHz; any other is what it is."""
    assert text == hertz(hz)
