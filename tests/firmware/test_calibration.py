"""The board's calibration file: kept over everything, believed only when it makes sense."""

import json

import pytest

from firmware.common import wire
from firmware.sensor.calibration import FILE, Calibration, CalibrationError

RECORD = {
    "kind": "calibration",
    "time": "2026-11-23T05:12:33Z",
    "offset_db": -0.87,
    "deviation_db": 0.87,
    "drift_db": None,
    "level_db": 94.0,
    "frequency_hz": 1000.0,
    "spread_db": 0.01,
    "uncertainty_db": 0.31,
    "calibrator": "Type 4231, number 1234567, of the city's laboratory",
    "certificate": "2026-03-01",
}
CHECK = {**RECORD, "kind": "check", "time": "2026-12-01T08:00:00Z", "deviation_db": 0.05}


def test_without_a_file_nothing_is_added_and_nothing_is_wrong(tmp_path):
    """A new board."""
    new = Calibration(str(tmp_path / FILE))

    assert (new.record, new.check, new.offset_db, new.damage) == (None, None, 0.0, "")


def test_a_stored_calibration_is_there_after_a_restart(tmp_path):
    """The whole record; a check lies beside it and moves nothing; a new calibration makes the check obsolete."""
    path = str(tmp_path / FILE)
    Calibration(path).store(json.dumps(RECORD))
    Calibration(path).store(json.dumps(CHECK))
    both = Calibration(path)
    again = Calibration(path)
    again.store(json.dumps({**RECORD, "offset_db": 0.5}))

    assert (both.record, both.check, both.offset_db) == (RECORD, CHECK, -0.87)
    assert (Calibration(path).offset_db, Calibration(path).check) == (0.5, None)
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        json.dumps({"calibration": {**RECORD, "offset_db": "loud"}, "check": None}).encode(),
        json.dumps({"calibration": {**RECORD, "offset_db": 40.0}, "check": None}).encode(),
        json.dumps({"calibration": {**RECORD, "offset_db": True}, "check": None}).encode(),
        json.dumps({"calibration": {**RECORD, "time": None}, "check": None}).encode(),
        json.dumps({"calibration": CHECK, "check": None}).encode(),
        json.dumps({"calibration": RECORD, "check": [1]}).encode(),
    ],
)
def test_a_damaged_file_is_no_calibration_and_is_said(tmp_path, content):
    """The board starts, measures by the data sheet, and names the cure; calibrating mends it."""
    path = tmp_path / FILE
    path.write_bytes(content)
    damaged = Calibration(str(path))
    found = (damaged.record, damaged.check, damaged.offset_db)
    damage = damaged.damage
    damaged.store(json.dumps(RECORD))

    assert found == (None, None, 0.0)
    assert "run stalenstraat calibrate" in damage
    assert (damaged.damage, Calibration(str(path)).record) == ("", RECORD)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[1]", "no JSON object"),
        ("{}", "no record"),
        (json.dumps({**RECORD, "kind": "wish"}), "no record"),
        (json.dumps({**RECORD, "offset_db": 20.5}), "within 20 dB"),
        (json.dumps({**RECORD, "offset_db": None}), "must be a number"),
        (json.dumps({**RECORD, "time": "x" * 25}), "must be a time"),
    ],
)
def test_a_record_that_makes_no_sense_changes_nothing(tmp_path, text, why):
    """It is refused with its reason; file and offset stay as they were."""
    path = tmp_path / FILE
    calibration = Calibration(str(path))
    calibration.store(json.dumps(RECORD))
    before = path.read_bytes()

    with pytest.raises(CalibrationError, match=why):
        calibration.store(text)
    assert (path.read_bytes(), calibration.offset_db) == (before, -0.87)


def test_a_record_with_long_names_fits_a_line_of_the_wire():
    """The longest that stalenstraat calibrate sends, with its check."""
    longest = {"deviation_db": -17.123, "offset_db": 17.123, "drift_db": -17.123, "level_db": 114.25}
    for name in ("x" * 64, "é" * 26):
        text = json.dumps({**RECORD, **longest, "calibrator": name}, separators=(",", ":"))

        assert len(wire.line("calibration " + text)) <= wire.MAX_LINE


def test_a_board_keeps_a_record_and_adds_its_offset(interpreter):
    """The same in MicroPython: through a line of the wire, the board's parser, the file, and a new start."""
    text = json.dumps(RECORD, separators=(",", ":"))
    line = wire.line("calibration " + text)
    said = interpreter.exec(
        "from firmware.common import wire\n"
        "from firmware.sensor.calibration import Calibration\n"
        f"words, checked = wire.parse_line({line[:-1]!r})\n"
        "Calibration().store(' '.join(words[1:]))\n"
        "again = Calibration()\n"
        "import json\n"
        "print(checked, json.dumps(again.record))\n"
        "print(again.offset_db)\n"
    ).splitlines()
    found = json.loads(said[0].removeprefix("True "))

    assert {key: pytest.approx(value) for key, value in RECORD.items()} == found
    assert float(said[1]) == pytest.approx(-0.87, abs=1e-6)
    assert FILE in interpreter.files()
