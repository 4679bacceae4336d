"""What the configuration says, as the facts that the texts are made of.

Rules of this file
- Nothing else reads the configuration for a text: what is said is what is set, or a constant of the program.
- Without the particulars that the law wants on the sign there is no sign: the error names the keys.
"""

from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from firmware.common.settings import CLIP_SECONDS
from gateway.config import MAX_RETENTION_DAYS, Config, load
from gateway.errors import ConfigError
from gateway.store.retention import HOUR_NS, INCOMPLETE_NS

REQUIRED = ("name", "address", "website", "data_protection_officer")


@dataclass(frozen=True, slots=True)
class Facts:
    """`values`: what stands for each {name} in a text; `holds`: the names of what is so, for `when`.

    `missing`: values that the configuration leaves open, and the key that would say them. `hours`: when clips are kept,
    as `clips.hours` has them; `sooner`: days for a behaviour whose clips go before the others.
    """

    values: dict[str, str]
    holds: frozenset[str]
    missing: dict[str, str]
    hours: tuple[str, ...] = ()
    sooner: tuple[tuple[str, int], ...] = ()


def read(path: Path) -> Facts:
    """Return the facts of the configuration file at `path`; `ConfigError` says what is wrong with it or missing."""
    config = load(path)
    return of(config, sha256(path.read_bytes()).hexdigest()[:16], str(path))


def of(config: Config, fingerprint: str, source: str = "configuration") -> Facts:
    """Return the facts of `config`; `fingerprint` tells it from others. `ConfigError` names the keys that lack."""
    who = config.controller
    lacking = [f"controller.{key}" for key in REQUIRED if getattr(who, key) is None]
    if who.email is None and who.phone is None:
        lacking.append("controller.email (or controller.phone)")
    if lacking:
        raise ConfigError(
            f"{source}: {', '.join(lacking)}: missing; the law wants them on the sign, write them under [controller]"
        )
    open_values = {
        name: key
        for name, key, value in (
            ("represented_by", "controller.represented_by", who.represented_by),
            ("council_advice", "controller.council_advice", who.council_advice),
        )
        if value is None
    }
    masked = [camera.id for camera in config.cameras if camera.mask]
    boards = (*config.sensors, *config.cameras)
    values = {
        "controller": who.name or "",
        "represented_by": who.represented_by or "",
        "address": who.address or "",
        "contact": " · ".join(filter(None, (who.email, who.phone))),
        "officer": who.data_protection_officer or "",
        "website": who.website or "",
        "council_advice": who.council_advice or "",
        "site": config.site.name,
        "site_id": config.site.id,
        "sensors": ", ".join(sensor.id for sensor in config.sensors),
        "cameras": ", ".join(camera.id for camera in config.cameras) or "0",
        "masked": ", ".join(masked),
        "clip_s": str(CLIP_SECONDS),
        "days": str(config.store.retention_days),
        "most_days": str(MAX_RETENTION_DAYS),
        "recording_days": str(MAX_RETENTION_DAYS),
        "incomplete_h": str(INCOMPLETE_NS // HOUR_NS),
        "recipients": str(len(config.evidence.recipients)),
        "version": version("stalenstraat"),
        "fingerprint": fingerprint,
        "time_zone": config.clips.time_zone,
        "per_hour": str(config.clips.max_per_hour),
        "per_day": str(config.clips.max_per_day),
    }
    mode = config.clips.mode
    clips = mode == "evidence"
    holds = {
        "clips": clips,
        "display": mode == "dialogue",
        "hours": clips and bool(config.clips.hours),
        "sooner": clips and bool(config.store.retention_days_by_behaviour),
        "masked": clips and bool(masked),
        "attenuated": config.view.speech == "attenuated",
        "encrypted": bool(config.evidence.recipients),
        "delivered": config.deliver.directory is not None,
        "learning": bool(config.signature.trusted_keys),
        "proved": all(board.key is not None for board in boards),
    }
    return Facts(
        values,
        frozenset(name for name, so in holds.items() if so),
        open_values,
        config.clips.hours,
        tuple(config.store.retention_days_by_behaviour.items()),
    )
