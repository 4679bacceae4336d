"""The configuration of the gateway: one TOML file, checked whole before anything starts.

Rules of this file
- Every key is in a model here and explained in `site.example.toml`; a key that is not is an error.
- A message names the file, the key by its path, what is wrong, and what to write instead, in one line.
- Paths in the file are relative to the file.
- What the city promises (at most 30 days) is a constant here, not a key.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.config_keys import did_you_mean, keys_at, path_of
from gateway.config_values import is_public_key, is_recipient
from gateway.errors import ConfigError
from gateway.hours import is_span, is_time_zone

MAX_RETENTION_DAYS = 30  # the city's promise; a longer period is a configuration error, not a choice
CREDENTIAL = "credential:"  # before the name of a file that the service manager decrypts for this service
Id = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$",
        description="1 to 32 small letters, digits and hyphens, as in genk-1",
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=200)]
PortSpec = Annotated[str, Field(min_length=1, description="id:SERIAL (see flash.py --list) or a path")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SiteConfig(_Section):
    """Where this is."""

    id: Id
    name: Text


Behaviour = Literal["revving", "acceleration", "pops", "steady_pass", "idling", "unknown"]


class StoreConfig(_Section):
    """Where clips and packages lie until they are delivered, and how long at most."""

    path: Annotated[Path, Field(strict=False)]
    mount: Annotated[Path, Field(strict=False)] | None = None
    retention_days: Annotated[int, Field(ge=1, le=MAX_RETENTION_DAYS)] = MAX_RETENTION_DAYS
    retention_days_by_behaviour: dict[Behaviour, Annotated[int, Field(ge=1)]] = {}
    machine_key: Annotated[str, Field(min_length=1)] | None = None  # a file, see store/machine_key.py


class BoardConfig(_Section):
    """A board, the port it is on, and the key that it must prove itself with."""

    id: Id
    port: PortSpec
    baud: Annotated[int, Field(ge=9600, le=12_000_000)] = 921600
    key: Annotated[str, Field(min_length=1)] | None = None  # a file, see board_key.py


class SensorConfig(BoardConfig):
    """A microphone board, and the camera that its lines reach."""

    camera: Id | None = None


Part = Annotated[float, Field(ge=0, le=1)]
Corner = Annotated[tuple[Part, Part], Field(strict=False)]
Polygon = Annotated[tuple[Corner, ...], Field(strict=False, min_length=3)]


class CameraConfig(BoardConfig):
    """A camera module, and how wide it looks; it hangs with the microphones and looks straight ahead of them.

    `mask`: house fronts, gardens, windows, see clips/mask.py; corners as parts of the picture's width and height.
    """

    horizontal_view_deg: Annotated[float, Field(ge=10, le=150)] | None = None
    mask: Annotated[tuple[Polygon, ...], Field(strict=False)] = ()


class DeliverConfig(_Section):
    """Where sealed packages are copied to."""

    directory: Annotated[Path, Field(strict=False)] | None = None


class ClipsConfig(_Section):
    """Whether clips may come into being at this site, when, and how many: see service/admission.py."""

    mode: Literal["observe", "dialogue", "evidence"] = "evidence"
    hours: Annotated[tuple[Annotated[str, AfterValidator(is_span)], ...], Field(strict=False)] = ()
    time_zone: Annotated[str, AfterValidator(is_time_zone)] = "Europe/Brussels"
    max_per_hour: Annotated[int, Field(ge=1, le=60)] = 30
    max_per_day: Annotated[int, Field(ge=1, le=500)] = 100


class LimitsConfig(_Section):
    """Waiting times."""

    camera_wait_s: Annotated[float, Field(ge=1, le=3600)] = 60.0


class CalibrationConfig(_Section):
    """How long a check is believed."""

    electronic_check_days: Annotated[float, Field(gt=0, le=365)] = 3.0
    calibrator_days: Annotated[float, Field(gt=0, le=3650)] = 365.0


class WeatherConfig(_Section):
    """Where wind and rain are read, see gateway/clips/weather.py."""

    file: Annotated[Path, Field(strict=False)] | None = None
    max_age_s: Annotated[float, Field(ge=10, le=86400)] = 900.0


class SignatureConfig(_Section):
    """Who may give the boards a model."""

    trusted_keys: Annotated[
        tuple[Annotated[str, AfterValidator(is_public_key)], ...], Field(strict=False)
    ] = ()


class EvidenceConfig(_Section):
    """Who seals packages: a file (evidence/signer.py), by default one in the store. And who alone can open them."""

    key: Annotated[str, Field(min_length=1)] | None = None
    recipients: Annotated[tuple[Annotated[str, AfterValidator(is_recipient)], ...], Field(strict=False)] = ()
    timestamp_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None
    timestamp_every_s: Annotated[float, Field(ge=10, le=86400)] = 3600.0


class ViewConfig(_Section):
    """What people who look at a clip get to hear in view.mp4, see clips/speech.py."""

    speech: Literal["full", "attenuated"] = "full"


class ControllerConfig(_Section):
    """Who is responsible, for the sign, the public information and the register (gateway/notice)."""

    name: Text | None = None
    represented_by: Text | None = None
    address: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    website: Text | None = None
    data_protection_officer: Text | None = None
    council_advice: Text | None = None


class Config(_Section):
    """The whole file."""

    site: SiteConfig
    store: StoreConfig
    sensors: Annotated[tuple[SensorConfig, ...], Field(strict=False, min_length=1)]
    cameras: Annotated[tuple[CameraConfig, ...], Field(strict=False)] = ()
    clips: ClipsConfig = ClipsConfig()
    deliver: DeliverConfig = DeliverConfig()
    limits: LimitsConfig = LimitsConfig()
    calibration: CalibrationConfig = CalibrationConfig()
    weather: WeatherConfig = WeatherConfig()
    signature: SignatureConfig = SignatureConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    view: ViewConfig = ViewConfig()
    controller: ControllerConfig = ControllerConfig()

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        for behaviour, days in self.store.retention_days_by_behaviour.items():
            if days > self.store.retention_days:
                raise ValueError(
                    f"store.retention_days_by_behaviour.{behaviour}: {days} days is more than the "
                    f"{self.store.retention_days} of store.retention_days; write at most that"
                )
        boards: dict[str, str] = {}
        ports: dict[str, str] = {}
        for name, section in (("sensors", self.sensors), ("cameras", self.cameras)):
            for number, board in enumerate(section):
                where = f"{name}[{number}]"
                if board.id in boards:
                    raise ValueError(
                        f'{where}.id: "{board.id}" is {boards[board.id]} already; give each board its own id'
                    )
                if board.port in ports:
                    raise ValueError(
                        f'{where}.port: "{board.port}" is the port of {ports[board.port]} already'
                    )
                boards[board.id] = ports[board.port] = where
        cameras = [camera.id for camera in self.cameras]
        for number, sensor in enumerate(self.sensors):
            if sensor.camera is not None and sensor.camera not in cameras:
                raise ValueError(
                    f'sensors[{number}].camera: there is no camera "{sensor.camera}"; '
                    f"{did_you_mean(sensor.camera, cameras)}"
                )
        return self

    def view_of(self, camera_id: str) -> float | None:
        """Return how wide the camera `camera_id` looks, in degrees; None where nobody has said."""
        return next((each.horizontal_view_deg for each in self.cameras if each.id == camera_id), None)

    def mask_of(self, camera_id: str) -> tuple[Polygon, ...]:
        """Return what is painted over in the pictures of the camera `camera_id`."""
        return next((each.mask for each in self.cameras if each.id == camera_id), ())

    def camera_of(self, sensor_id: str) -> str | None:
        """Return the id of the camera that the lines of `sensor_id` reach: the named one, or the only one."""
        for sensor in self.sensors:
            if sensor.id == sensor_id and sensor.camera is not None:
                return sensor.camera
        return self.cameras[0].id if len(self.cameras) == 1 else None


def load(path: Path) -> Config:
    """Read and check the TOML file at `path`; `ConfigError` says in one line what is wrong and what to do."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy site.example.toml and fill it in") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}; correct that line") from None
    config = check(values, str(path))
    base = path.absolute().parent
    store = config.store.model_copy(
        update={
            "path": base / config.store.path.expanduser(),
            "mount": None if config.store.mount is None else base / config.store.mount.expanduser(),
            "machine_key": _beside(base, config.store.machine_key),
        }
    )
    directory = config.deliver.directory
    deliver = config.deliver.model_copy(
        update={"directory": None if directory is None else base / directory.expanduser()}
    )
    file = config.weather.file
    weather = config.weather.model_copy(update={"file": None if file is None else base / file.expanduser()})
    evidence = config.evidence.model_copy(update={"key": _beside(base, config.evidence.key)})
    sensors = tuple(each.model_copy(update={"key": _beside(base, each.key)}) for each in config.sensors)
    cameras = tuple(each.model_copy(update={"key": _beside(base, each.key)}) for each in config.cameras)
    return config.model_copy(
        update={
            "store": store,
            "sensors": sensors,
            "cameras": cameras,
            "deliver": deliver,
            "weather": weather,
            "evidence": evidence,
        }
    )


def _beside(base: Path, key: str | None) -> str | None:
    """Return the file of a key, which is relative to the directory `base` when it is one; a credential as it is."""
    return key if key is None or key.startswith(CREDENTIAL) else str(base / Path(key).expanduser())


def check(values: dict[str, Any], source: str = "configuration") -> Config:
    """Return `values` (as TOML gives them) as a `Config`; `ConfigError` names what is wrong after `source`."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    """Return the first problem as `path: what is wrong; cure`. Unknown keys first: they explain the rest."""
    problems = sorted(
        error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden"
    )
    problem = problems[0]
    where, kind = path_of(problem["loc"]), problem["type"]
    if kind == "extra_forbidden":
        return f"{where}: unknown key; {did_you_mean(str(problem['loc'][-1]), keys_at(Config, problem['loc'][:-1]))}"
    if kind == "missing":
        return f"{where}: missing; see site.example.toml"
    if kind == "value_error":  # raised above, with its own path
        return problem["msg"].removeprefix("Value error, ")
    if where == "store.retention_days" and kind == "less_than_equal":
        return (
            f"{where}: {problem['input']} days is more than the {MAX_RETENTION_DAYS} that may be kept; "
            f"write at most {MAX_RETENTION_DAYS}"
        )
    if where == "sensors" and kind == "too_short":
        return f"{where}: [] will not do; write at least one [[sensors]] section"
    if kind == "string_pattern_mismatch":
        return f"{where}: {problem['input']!r} will not do; write 1 to 32 small letters, digits and hyphens"
    message = problem["msg"]
    return f"{where}: {problem['input']!r} will not do; {message[:1].lower()}{message[1:]}"
