"""Reasons for doubt that come from outside a clip: calibration, weather, other sources; and the list of all of them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.common import flags as bits
from gateway.clips import calibration, validity, weather
from gateway.clips.bearing import Direction, Judgement
from gateway.clips.calibration import Rules
from gateway.clips.contents import sensor_clip
from gateway.clips.uncertainty import CalibrationState
from gateway.link.calibration import CalibrationRecord
from gateway.testing.clips import sensor_parts
from gateway.timing import SECOND_NS

ROOT = Path(__file__).parents[2]
RECORD = CalibrationRecord(
    kind="calibration",
    time="2026-03-01T12:00:00Z",
    offset_db=-0.4,
    deviation_db=0.4,
    level_db=94.0,
    frequency_hz=1000.0,
    spread_db=0.02,
    uncertainty_db=0.37,
)
CHECK = RECORD.model_copy(update={"kind": "check", "drift_db": 0.1, "deviation_db": -0.1})
DAY_NS = 86400 * SECOND_NS
UNHEARD = Judgement(Direction.UNKNOWN, "not measured", None, "not measured")


def names(flags):
    """Return the names of `flags`."""
    return [flag.name for flag in flags]


def state(days, record=RECORD, check=None, rules=None):
    """Return what is said `days` after RECORD."""
    return calibration.at(RECORD.wall_ns + round(days * DAY_NS), record, check, "ICS-43434", rules or Rules())


def test_a_calibration_holds_for_a_year():
    """To the day; then it is a flag, in words with the age."""
    last, first = state(365), state(365.1)

    assert (last.state, names(last.flags), last.age_days) == (CalibrationState.CALIBRATED, [], 365.0)
    assert (first.state, names(first.flags)) == (CalibrationState.EXPIRED, ["calibration_expired"])
    assert "365 days before; 365 are allowed" in first.flags[0].text


def test_the_site_says_how_long():
    """A site that calibrates every month."""
    assert names(state(31, rules=Rules(calibrator_days=30.0)).flags) == ["calibration_expired"]


def test_a_check_with_a_calibrator_renews_the_age():
    """Half a year later the check found it where it was; a check that is older changes nothing."""
    check = CHECK.model_copy(update={"time": "2026-09-01T12:00:00Z"})
    older = CHECK.model_copy(update={"time": "2025-09-01T12:00:00Z"})

    assert state(400, check=check).state is CalibrationState.CALIBRATED
    assert state(400, check=check).age_days == 400 - 184
    assert state(400, check=older).state is CalibrationState.EXPIRED


@pytest.mark.parametrize(
    ("drift_db", "doubt"),
    [(0.5, []), (-0.5, []), (0.51, ["calibration_drift"]), (-0.7, ["calibration_drift"])],
)
def test_drift_between_records_is_a_flag(drift_db, doubt):
    """Of the calibration, and of a check after it."""
    drifted = RECORD.model_copy(update={"drift_db": drift_db})
    check = CHECK.model_copy(update={"drift_db": drift_db})

    assert names(state(1, record=drifted).flags) == doubt
    assert names(state(1, check=check).flags) == doubt


def test_without_a_calibrator_the_tolerance_of_the_microphone_is_said():
    """The type decides; a check alone is no calibration."""
    found = state(1, record=None, check=CHECK)

    assert (found.state, found.age_days, names(found.flags)) == (
        CalibrationState.NEVER,
        None,
        ["never_calibrated"],
    )
    assert "within 1 dB" in found.flags[0].text
    assert "within 3 dB" in calibration.at(0, None, None, "INMP441", Rules()).flags[0].text


def test_a_calibration_from_the_future_is_a_clock_that_was_wrong():
    """Half an hour is a laptop's clock; a day is not."""
    assert names(state(-0.02).flags) == []
    assert names(state(-1).flags) == ["calibration_date"]


@pytest.mark.parametrize(
    ("days", "doubt"),
    [(0.0, []), (3.0, []), (3.1, ["electronic_check_overdue"]), (None, ["electronic_check_overdue"])],
)
def test_a_self_check_that_passed_holds_for_three_days(days, doubt):
    """And one that never passed does not hold."""
    passed_ns = None if days is None else 100 * DAY_NS - round(days * DAY_NS)

    assert names(calibration.of_electronic_check(100 * DAY_NS, passed_ns, Rules())) == doubt


OBSERVED = {"time": "2026-11-23T05:00:00Z", "wind_m_s": 3.2, "rain_mm_h": 0.0, "station": "of the city"}
AT_NS = 1_795_410_000 * SECOND_NS


def observed(tmp_path, content):
    """Return the flags at 05:00 of a weather file with `content`."""
    path = tmp_path / "weather.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return weather.of_weather(weather.read(path), AT_NS, 600.0)


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({}, []),
        ({"wind_m_s": 5.0}, []),
        ({"wind_m_s": 5.1}, ["wind"]),
        ({"rain_mm_h": 0.2}, ["rain"]),
        ({"wind_m_s": 12, "rain_mm_h": 4}, ["wind", "rain"]),
        ({"wind_m_s": None}, ["weather_unknown"]),
        ({"rain_mm_h": None, "wind_m_s": 7.0}, ["weather_unknown", "wind"]),
        ({"time": "2026-11-23T06:00:00+01:00"}, []),
        ({"time": "2026-11-23T04:50:01"}, []),
        ({"time": "2026-11-23T04:49:59Z"}, ["weather_unknown"]),
        ({"time": "2026-11-23T05:10:01Z", "wind_m_s": 12}, ["weather_unknown"]),
    ],
)
def test_the_weather_at_the_time_of_the_event_is_said(tmp_path, changes, doubt):
    """More than 5 m/s, any rain, too long before or after; what is not observed is said too."""
    assert names(observed(tmp_path, {**OBSERVED, **changes})) == doubt


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "weather.json is not there"),
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        ([], "the file"),
        ({"wind_m_s": 1}, "time: Field required"),
        ({**OBSERVED, "wind_m_s": -1}, "wind_m_s"),
        ({**OBSERVED, "wind_m_s": "NaN"}, "wind_m_s"),
        ({**OBSERVED, "time": "yesterday"}, "time"),
    ],
)
def test_a_weather_file_that_says_nothing_is_said_with_the_reason(tmp_path, content, why):
    """Nothing is taken for good weather."""
    found = observed(tmp_path, content)

    assert names(found) == ["weather_unknown"]
    assert why in found[0].text


def test_a_folder_is_no_weather(tmp_path):
    """Whatever is wrong with the path, a clip is sealed."""
    assert "cannot be read" in weather.of_weather(weather.read(tmp_path), AT_NS, 600.0)[0].text


def test_no_weather_file_is_a_flag_of_its_own():
    """Nobody looked."""
    assert names(weather.of_weather(None, AT_NS, 600.0)) == ["weather_not_observed"]


def clip_with(scores):
    """Return a clip whose loud records have these scores; the quiet ones before have none."""
    clip = sensor_clip(sensor_parts())
    loud = [
        replace(record, laeq_db=90.0, score=score) for record, score in zip(clip.trace, scores, strict=False)
    ]
    quiet = [replace(record, laeq_db=50.0, score=0.0) for record in clip.trace[len(scores) :]]
    return replace(clip, trace=tuple(quiet + loud))


@pytest.mark.parametrize(
    ("without", "doubt"), [(0, []), (6, []), (7, ["several_sources"]), (20, ["several_sources"])]
)
def test_loud_moments_without_the_signature_are_another_source(without, doubt):
    """More than three tenths of the loud moments; quiet moments do not count."""
    clip = clip_with([0.1] * without + [0.9] * (20 - without))

    assert names(validity.of_sources(clip, UNHEARD)) == doubt


def test_what_two_microphones_heard_decides_over_the_signature():
    """One track is one source whatever the signature says, two are two; without them the clip says that too."""
    alone = replace(UNHEARD, direction=Direction.STANDING, single_source=True)
    several = replace(alone, single_source=False, evidence="in 40 % another source is as loud")
    doubtful = clip_with([0.1] * 20)

    assert names(validity.of_sources(doubtful, alone)) == []
    assert names(validity.of_sources(clip_with([0.9] * 20), several)) == ["several_sources"]
    assert "another source is as loud" in validity.of_sources(doubtful, several)[0].text
    assert names(validity.of_bearing(UNHEARD)) == ["bearing_unknown"]
    assert names(validity.of_bearing(alone)) == names(validity.of_bearing(several)) == []


def test_an_event_that_hardly_stands_out_says_so():
    """LAFmax of the clip is 92.4 dB; ten decibels above the background are enough."""
    clip = clip_with([0.9] * 10)

    assert names(validity.of_emergence(clip, 82.4)) == []
    assert names(validity.of_emergence(clip, 82.5)) == ["low_emergence"]
    assert names(validity.of_emergence(clip, None)) == ["background_unknown"]


@pytest.mark.parametrize(
    ("bit", "name"),
    [
        (bits.OVERLOAD, "overload"),
        (bits.UNDER_RANGE, "under_range"),
        (bits.STUCK, "stuck"),
        (bits.DC_OFFSET, "dc_offset"),
        (bits.FLOATING, "floating_data_line"),
        (bits.CLIPPED, "microphone_clipped"),
        (bits.NOISE_FLOOR, "noise_floor"),
        (bits.SAMPLES_LOST, "samples_lost"),
    ],
)
def test_what_the_board_found_is_said_in_words(bit, name):
    """Each bit of a clip's summary is a flag with a name and a sentence."""
    parts = sensor_parts()
    summary = {**json.loads(parts[3]), "flags": bit}
    clip = sensor_clip((*parts[:3], json.dumps(summary).encode()))

    assert name in names(validity.of_measurement(clip))
    assert name not in names(validity.of_measurement(sensor_clip(parts)))


def test_every_bit_of_the_boards_flags_has_words():
    """A flag that the firmware can set and nobody explains would be dropped silently."""
    known = {value for name, value in vars(bits).items() if name.isupper() and isinstance(value, int)}

    assert known == {bit for bit, _ in validity.ON_BOARD}


def test_the_page_lists_every_flag_that_the_code_can_raise_and_no_other():
    """docs/clip.md, table "Reasons for doubt", against every Flag("name" in gateway/clips."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway" / "clips").glob("*.py"))
    raised = set(re.findall(r"\bFlag\(\s*\"(\w+)\"", code))
    page = (ROOT / "docs" / "clip.md").read_text(encoding="utf-8")
    table = page.partition("### Reasons for doubt")[2].partition("## The life")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    listed = set(re.findall(r"`(\w+)`", " ".join(rows)))

    assert len(raised) > 20
    assert listed == raised
