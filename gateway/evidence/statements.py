"""What a check says: claims in plain words, and for each whether it holds, does not hold, or cannot be said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Verdict(Enum):
    """What can be said of a statement."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNKNOWN = "cannot be said"


@dataclass(frozen=True, slots=True)
class Statement:
    """`claim` in words, the verdict on it, and why. `integrity` is True when it says that nothing was changed."""

    claim: str
    verdict: Verdict
    why: str
    integrity: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What was found about the file at `path`; `event` is None where that cannot be read."""

    path: Path
    event: str | None
    statements: tuple[Statement, ...]

    @property
    def intact(self) -> bool:
        """True when nothing was changed since it was sealed; an incomplete clip can be intact."""
        return all(said.verdict is Verdict.HOLDS for said in self.statements if said.integrity)

    @property
    def exit_code(self) -> int:
        """Return the exit code of `stalenstraat verify`.

        1: something does not hold; 2: nothing does not hold, but whether it was changed cannot be said; 0: else.
        What only more files or keys could show does not count: who wants it said gives them.
        """
        if any(said.verdict is Verdict.FAILS for said in self.statements):
            return 1
        return 0 if self.intact else 2

    def values(self) -> dict[str, object]:
        """Return the report for programs."""
        return {
            "path": str(self.path),
            "event": self.event,
            "exit_code": self.exit_code,
            "statements": [
                {"claim": said.claim, "verdict": said.verdict.value, "why": said.why}
                for said in self.statements
            ],
        }

    def lines(self) -> Iterator[str]:
        """Give the report for people, a line a statement."""
        for said in self.statements:
            yield f"{said.verdict.value:>14}  {said.claim}: {said.why}"


def judge(claim: str, problems: Sequence[str], fine: str, *, integrity: bool = False) -> Statement:
    """Return the statement that holds (`fine` says why) when there are no `problems`."""
    if problems:
        return Statement(claim, Verdict.FAILS, "; ".join(problems), integrity)
    return Statement(claim, Verdict.HOLDS, fine, integrity)
