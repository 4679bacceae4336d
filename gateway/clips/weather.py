"""Wind and rain at the time of a clip, from a file that a weather sensor or a feed program writes.

Rules of this file
- The file is one JSON object, `{"time": "2026-11-23T05:00:00Z", "wind_m_s": 3.2, "rain_mm_h": 0.0}`: when it was
  observed (UTC), the mean wind speed, the rain. null for what is not observed. Other keys are ignored. Whoever
  writes it writes aside and renames.
- Not configured, not there, not readable, too old, or null: each is a flag. Only what was observed is believed.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.clips.flag import Flag
from gateway.timing import SECOND_NS

MAX_WIND_M_S = 5.0  # as road noise standards and noise cameras abroad have it (ISO 1996-2, ISO 11819-1)
MAX_BYTES = 65536


class _Observed(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    time: datetime
    wind_m_s: float | None = Field(default=None, ge=0, le=120)
    rain_mm_h: float | None = Field(default=None, ge=0, le=1000)


@dataclass(frozen=True, slots=True)
class Weather:
    """What was observed at `wall_ns` (since 1970, UTC); None: not observed."""

    wall_ns: int
    wind_m_s: float | None
    rain_mm_h: float | None


def read(path: Path) -> Weather | str:
    """Return what the file says, or why it says nothing. Never raises: a clip is sealed with or without it."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES)
        found = _Observed.model_validate(json.loads(text))
    except FileNotFoundError:
        return f"{path.name} is not there"
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})"
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in problem["loc"]) or "the file"
        return f"{path.name}: {where}: {problem['msg']}"
    except ValueError:
        return f"{path.name} is not JSON"
    moment = found.time if found.time.tzinfo else found.time.replace(tzinfo=UTC)
    return Weather(int(moment.timestamp() * SECOND_NS), found.wind_m_s, found.rain_mm_h)


def of_weather(observed: Weather | str | None, trigger_wall_ns: int, max_age_s: float) -> list[Flag]:
    """Return the flags on the weather; `observed` None: no file is configured."""
    if observed is None:
        return [Flag("weather_not_observed", "wind and rain are not observed here")]
    if isinstance(observed, str):
        return [Flag("weather_unknown", f"wind and rain are not known: {observed}")]
    apart_s = abs(trigger_wall_ns - observed.wall_ns) / SECOND_NS
    if apart_s > max_age_s:
        return [
            Flag(
                "weather_unknown",
                f"wind and rain are not known: they were observed {apart_s:.0f} s from the event, "
                f"{max_age_s:.0f} s are allowed",
            )
        ]
    found: list[Flag] = []
    lacking = [
        name for name, value in (("wind", observed.wind_m_s), ("rain", observed.rain_mm_h)) if value is None
    ]
    if lacking:
        found.append(Flag("weather_unknown", f"not observed: {' and '.join(lacking)}"))
    if observed.wind_m_s is not None and observed.wind_m_s > MAX_WIND_M_S:
        found.append(
            Flag(
                "wind",
                f"wind of {observed.wind_m_s:.1f} m/s, more than {MAX_WIND_M_S:.0f}: it may be in the levels",
            )
        )
    if observed.rain_mm_h:
        found.append(
            Flag(
                "rain", f"rain of {observed.rain_mm_h:.1f} mm/h: drops and the wet road may be in the levels"
            )
        )
    return found
