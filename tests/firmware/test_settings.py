"""A board with a doubtful setting does not start; it says which one."""

import json

import pytest

from firmware.common.settings import SettingsError, check, load


def sensor(**changes):
    """Return the settings of a sensor, changed."""
    values = {
        "kind": "sensor",
        "id": "genk-1",
        "key": "",
        "rate": 48000,
        "channels": 1,
        "spacing_m": 0.2,
        "bits": 24,
        "decimate": 1,
        "full_scale_db": 120,
        "microphone": "flat",
        "mode": "evidence",
        "threshold_dba": 82.0,
        "signature_threshold": 0.5,
        "min_duration_s": 0.25,
        "hold_off_s": 10.0,
        "max_per_hour": 12,
        "before_s": 4,
        "after_s": 6,
        "slots": 4,
        "ibuf_bytes": 96000,
        "pins": {},
        "link": {"port": "usb"},
    }
    values.update(changes)
    return {key: value for key, value in values.items() if value is not None}


def test_good_settings_become_attributes():
    """Whole numbers are accepted where a level is wanted."""
    settings = check(sensor())

    assert ("genk-1", 120.0, float) == (settings.id, settings.full_scale_db, type(settings.full_scale_db))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "phone"}, 'kind: must be "sensor" or "camera"'),
        ({"colour": "red"}, "colour: unknown key"),
        ({"rate": None}, "rate: missing; run flash.py again"),
        ({"rate": 44100}, "rate: must be one of (48000, 32000), not 44100"),
        ({"channels": 3}, "channels: must be 1 to 2, not 3"),
        ({"channels": True}, "channels: must be int, not True"),
        ({"spacing_m": 2}, "spacing_m: must be 0.1 to 0.5, not 2.0"),
        ({"mode": "stream"}, "mode: must be one of"),
        ({"threshold_dba": "loud"}, "threshold_dba: must be float, not 'loud'"),
        ({"before_s": 9, "after_s": 9}, "before_s + after_s: must be 10 seconds"),
        ({"decimate": 3}, "bits: must be 16 with decimate 3"),
        ({"rate": 32000, "decimate": 3, "bits": 16}, "decimate: does not divide"),
    ],
)
def test_a_wrong_setting_is_named(changes, message):
    """The text says which key, and what it may be."""
    with pytest.raises(SettingsError) as caught:
        check(sensor(**changes))

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "missing"), ("{", "not JSON"), ("[]", "not a JSON object")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, message):
    """A missing, broken or odd file is said to be so, with the cure."""
    path = tmp_path / "settings.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SettingsError, match=f"{message}.*run flash.py"):
        load(str(path))


def test_a_good_file_is_read(tmp_path):
    """settings.json as flash.py writes it."""
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(sensor()))

    assert load(str(path)).slots == 4
