"""What the store hands out: plain values, no database."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from gateway.store.states import ClipState


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """One clip as the store knows it. Times in nanoseconds; `keep_ns` is in the gateway's own time."""

    row: int
    board: str
    boot: int
    clip: int
    kind: str
    state: ClipState
    reason: str
    accepted_wall_ns: int
    changed_wall_ns: int
    event_sha256: str | None
    keep_ns: int | None
    keep_uncertainty_ns: int | None
    trigger_wall_ns: int | None
    package: str | None
    package_sha256: str | None
    summary: str | None
    accepted_at_ns: int  # in the store's time, see elapsed.py

    @property
    def event_id(self) -> str:
        """Return `<board>-<boot>-<clip>`."""
        return f"{self.board}-{self.boot}-{self.clip}"


@dataclass(frozen=True, slots=True)
class PartRecord:
    """How much of a part is durable. `total` is None while it is not known."""

    part: int
    have: int
    total: int | None


class SealedSummary(BaseModel):
    """What lists show of a sealed clip. Levels in dB, `trigger_time` ISO 8601; `missing` empty is evidence."""

    model_config = ConfigDict(frozen=True)

    lafmax_db: float | None = None
    behaviour: str | None = None
    score: float | None = None
    trigger_time: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A package that is durable, to be noted together with the end of the clips it was made of."""

    package: str
    sha256: str
    manifest_sha256: str
    summary: SealedSummary


@dataclass(frozen=True, slots=True)
class Deletion:
    """A tombstone: what was deleted, by whom, why and when. `proved_wall_ns` is None while something may be left."""

    row: int
    event_id: str
    package_sha256: str | None
    who: str
    reason: str
    wall_ns: int
    proved_wall_ns: int | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Every clip ever accepted is in exactly one state."""

    accepted: int
    by_state: dict[ClipState, int]

    @property
    def holds(self) -> bool:
        """True when nothing has vanished."""
        return self.accepted == sum(self.by_state.values())
