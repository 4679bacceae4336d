"""The configuration: the example loads, and every mistake is one line with path and cure."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

import gateway.config
from gateway.config import Config, check, load
from gateway.errors import ConfigError

EXAMPLE = Path(gateway.config.__file__).with_name("site.example.toml")
Values = dict[str, Any]


def test_the_example_loads_and_names_every_key() -> None:
    """Every key of every section stands in the example, set or commented out with its default."""
    text = EXAMPLE.read_text(encoding="utf-8")
    config = load(EXAMPLE)
    sections = {
        "site": config.site,
        "store": config.store,
        "sensors": config.sensors[0],
        "cameras": config.cameras[0],
        "clips": config.clips,
        "deliver": config.deliver,
        "limits": config.limits,
        "calibration": config.calibration,
        "weather": config.weather,
        "signature": config.signature,
        "evidence": config.evidence,
        "view": config.view,
        "controller": config.controller,
    }

    assert set(Config.model_fields) == set(sections)
    for section in sections.values():
        for key in type(section).model_fields:
            assert f"{key} = " in text


def test_commented_out_keys_show_their_defaults() -> None:
    """With the comment signs taken away the example gives the same numbers."""
    text = EXAMPLE.read_text(encoding="utf-8")
    plain = check(tomllib.loads(text))
    shown = check(
        tomllib.loads(
            "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.split("\n"))
        )
    )

    assert shown.store.retention_days == plain.store.retention_days
    assert shown.limits == plain.limits
    assert shown.sensors[0].baud == plain.sensors[0].baud


def test_paths_are_relative_to_the_file() -> None:
    """The folder from which the program is started changes nothing."""
    assert load(EXAMPLE).store.path == EXAMPLE.parent / "store"


def spoilt(steps: tuple[str | int, ...], value: object) -> Values:
    """Return the example with the value at `steps` set, or taken away when `value` is None."""
    values = copy.deepcopy(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))
    at: Any = values
    for step in steps[:-1]:
        at = at[step]
    if value is None:
        del at[steps[-1]]
    else:
        at[steps[-1]] = value
    return values


@pytest.mark.parametrize(
    ("steps", "value", "where", "cure"),
    [
        (
            ("store", "retension_days"),
            7,
            "store.retension_days: unknown key",
            'did you mean "retention_days"',
        ),
        (("delivery",), {}, "delivery: unknown key", 'did you mean "deliver"'),
        (("limits", "camera_wait_s"), "soon", "limits.camera_wait_s: 'soon'", "number"),
        (("store", "retention_days"), 31, "store.retention_days: 31 days", "at most 30"),
        (("store", "retention_days"), 0, "store.retention_days: 0", "greater than or equal to 1"),
        (
            ("store", "retention_days_by_behaviour"),
            {"idling": 31},
            "store.retention_days_by_behaviour.idling: 31 days",
            "at most that",
        ),
        (("clips",), {"hours": ["mo 25:00-06:00"]}, 'clips.hours: "mo 25:00-06:00"', "mo-fr 22:00-06:00"),
        (("clips",), {"time_zone": "Genk"}, 'clips.time_zone: "Genk"', "Europe/Brussels"),
        (("clips",), {"mode": "all"}, "clips.mode: 'all'", "'evidence'"),
        (("sensors", 0, "port"), None, "sensors[0].port: missing", "site.example.toml"),
        (("sensors",), [], "sensors: []", "at least one [[sensors]]"),
        (
            ("sensors", 0, "id"),
            "../genk 1",
            "sensors[0].id: '../genk 1'",
            "small letters, digits and hyphens",
        ),
        (("cameras", 0, "id"), "genk-1", 'cameras[0].id: "genk-1" is sensors[0] already', "its own id"),
        (("cameras", 0, "port"), "id:e6614103e7452f2a", "cameras[0].port", "port of sensors[0]"),
        (
            ("sensors", 0, "camera"),
            "genk-1-cma",
            'sensors[0].camera: there is no camera "genk-1-cma"',
            'did you mean "genk-1-cam"',
        ),
        (
            ("signature",),
            {"trusted_keys": ["AAAA"]},
            'signature.trusted_keys: "AAAA" is no public key',
            "signature sign",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_path_and_cure(
    steps: tuple[str | int, ...], value: object, where: str, cure: str
) -> None:
    """The message names the file, the key by its path, and what to write."""
    with pytest.raises(ConfigError) as caught:
        check(spoilt(steps, value), "site.toml")

    message = str(caught.value)
    assert message.startswith("site.toml: " + where)
    assert cure in message
    assert "\n" not in message


def test_a_file_that_is_missing_or_no_toml_says_so(tmp_path: Path) -> None:
    """The path is in the message."""
    broken = tmp_path / "site.toml"
    broken.write_text("[site\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "nothing.toml")
    with pytest.raises(ConfigError, match=r"site\.toml: not TOML"):
        load(broken)
