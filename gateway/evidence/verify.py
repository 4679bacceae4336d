"""Checks a package and says in plain words what holds, what does not, and what cannot be said.

Rules of this file
- It needs the file and nothing else: no store, no configuration, no network.
- It never raises for what is in the file; whatever cannot be read is a statement that does not hold.
- A statement names what broke. "Cannot be said" is for what this file alone can never show.
"""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import av
from av.error import FFmpegError

from gateway.errors import PackageError
from gateway.evidence import container, manifest

MAX_BYTES = 1 << 30  # ten seconds are tens of megabytes; more is something else, and would fill the memory
SOUND_S = 10.0
SOUND_TOLERANCE_S = 0.1
PICTURE_S = 9.0
SOUND, PICTURE, VIEW, MEASUREMENT = "sound.flac", "picture.mkv", "view.mp4", "measurement.json"
EVIDENCE_PARTS = (SOUND, PICTURE, VIEW, MEASUREMENT)


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
    """What was found. `exit_code`: 0 everything holds, 1 something does not, 2 the file is no package."""

    path: Path
    event: str | None
    statements: tuple[Statement, ...]
    readable: bool = True

    @property
    def intact(self) -> bool:
        """True when nothing was changed since it was sealed; an incomplete clip can be intact."""
        return self.readable and all(
            said.verdict is Verdict.HOLDS for said in self.statements if said.integrity
        )

    @property
    def exit_code(self) -> int:
        """Return the exit code of `stalenstraat verify`."""
        if not self.readable:
            return 2
        return int(any(said.verdict is Verdict.FAILS for said in self.statements))

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


def verify(path: Path) -> Report:
    """Check the package at `path`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PackageError(f"the file has more than {MAX_BYTES} bytes; no package is that large")
        data = path.read_bytes()
        return verify_bytes(data, path)
    except OSError as error:
        why = f"cannot be read ({error.strerror}); check the path"
    except PackageError as error:
        why = str(error)
    return Report(
        path, None, (Statement("it is a package", Verdict.FAILS, why, integrity=True),), readable=False
    )


def verify_bytes(data: bytes, path: Path) -> Report:
    """Check `data`, the content of the package at `path`. `PackageError` when it is none."""
    parts = container.unpack(data)
    said: list[Statement] = []
    changed = container.differences(data, parts)
    said.append(
        _judge("the file is as the gateway writes it", changed, "every byte accounted for", integrity=True)
    )
    sealed: manifest.Manifest | None = None
    try:
        if manifest.NAME not in parts:
            raise PackageError(f"{manifest.NAME} is missing")
        sealed = manifest.from_bytes(parts[manifest.NAME])
        said.append(
            Statement("the manifest can be read", Verdict.HOLDS, f"event {sealed.event}", integrity=True)
        )
    except PackageError as error:
        said.append(Statement("the manifest can be read", Verdict.FAILS, str(error), integrity=True))
    if sealed is not None:
        said.extend(_parts(sealed, parts))
        said.extend(_contents(sealed, parts))
    unsigned = "packages of this version are not signed: whoever can write the file can make another one"
    said.append(Statement("this gateway sealed it", Verdict.UNKNOWN, unsigned))
    said.append(
        Statement(
            "no package before it is missing", Verdict.UNKNOWN, "that needs the packages before it as well"
        )
    )
    said.append(_as_evidence(sealed, said))
    return Report(path, None if sealed is None else sealed.event, tuple(said))


def _judge(claim: str, problems: list[str], fine: str, *, integrity: bool = False) -> Statement:
    if problems:
        return Statement(claim, Verdict.FAILS, "; ".join(problems), integrity)
    return Statement(claim, Verdict.HOLDS, fine, integrity)


def _parts(sealed: manifest.Manifest, parts: dict[str, bytes]) -> Iterator[Statement]:
    here = [name for name in parts if name != manifest.NAME]
    gone = [f"{name} is missing" for name in sealed.parts if name not in parts]
    surplus = [f"{name} does not belong to it" for name in here if name not in sealed.parts]
    yield _judge("all parts are there and no other", gone + surplus, ", ".join(here), integrity=True)
    for name, part in sealed.parts.items():
        if name in parts:
            same = manifest.sha256(parts[name]) == part.sha256 and len(parts[name]) == part.bytes
            verdict = Verdict.HOLDS if same else Verdict.FAILS
            why = f"SHA-256 {part.sha256[:16]}…" if same else f"{name} was changed after it was sealed"
            yield Statement(f"{name} is unchanged", verdict, why, integrity=True)


def _contents(sealed: manifest.Manifest, parts: dict[str, bytes]) -> Iterator[Statement]:
    sound_s: float | None = None
    if SOUND in parts:
        try:
            sound_s = sound_duration_s(parts[SOUND])
            fits = abs(sound_s - SOUND_S) <= SOUND_TOLERANCE_S
            yield Statement(
                "the sound lasts ten seconds", Verdict.HOLDS if fits else Verdict.FAILS, f"{sound_s:.3f} s"
            )
        except PackageError as error:
            yield Statement("the sound lasts ten seconds", Verdict.FAILS, str(error))
    if PICTURE in parts:
        try:
            picture_s = picture_duration_s(parts[PICTURE])
            verdict = Verdict.HOLDS if picture_s >= PICTURE_S else Verdict.FAILS
            yield Statement(
                f"the pictures last at least {PICTURE_S:.0f} seconds", verdict, f"{picture_s:.3f} s"
            )
        except PackageError as error:
            yield Statement(f"the pictures last at least {PICTURE_S:.0f} seconds", Verdict.FAILS, str(error))
    if VIEW in parts:
        try:
            picture_duration_s(parts[VIEW])
            yield Statement("the view can be played", Verdict.HOLDS, "sound and picture open")
        except PackageError as error:
            yield Statement("the view can be played", Verdict.FAILS, str(error))
    if MEASUREMENT in parts:
        yield _trigger(sealed, parts[MEASUREMENT], sound_s)


def _trigger(sealed: manifest.Manifest, data: bytes, sound_s: float | None) -> Statement:
    claim = "the sound contains the trigger"
    try:
        values = json.loads(data)
        event, trigger_s = values["event"], float(values["trigger"]["in_sound_s"])
    except (ValueError, KeyError, TypeError):
        return Statement(claim, Verdict.FAILS, f"{MEASUREMENT} cannot be read")
    if event != sealed.event:
        return Statement(
            claim, Verdict.FAILS, f"{MEASUREMENT} is of event {event}, the manifest of {sealed.event}"
        )
    if sound_s is None:
        return Statement(claim, Verdict.FAILS, "there is no sound that can be read")
    inside = 0.0 <= trigger_s < sound_s
    return Statement(
        claim, Verdict.HOLDS if inside else Verdict.FAILS, f"at {trigger_s:.3f} s of {sound_s:.3f} s"
    )


def _as_evidence(sealed: manifest.Manifest | None, said: list[Statement]) -> Statement:
    problems: list[str] = []
    if sealed is not None:
        problems += sealed.missing
        problems += [f"no {name}" for name in EVIDENCE_PARTS if name not in sealed.parts]
        if sealed.evidence != (not sealed.missing):
            problems.append("the manifest contradicts itself")
    if any(statement.verdict is Verdict.FAILS for statement in said):
        problems.append("something above does not hold")
    return _judge("it is complete as evidence", problems, "sound, picture and measurement of one event")


def sound_duration_s(data: bytes) -> float:
    """Decode a sound file whole and return how long it is; `PackageError` when that cannot be done."""
    try:
        with av.open(io.BytesIO(data), mode="r") as opened:
            samples = rate = 0
            for frame in opened.decode(audio=0):
                samples += frame.samples
                rate = frame.sample_rate
    except (FFmpegError, ValueError, IndexError) as error:
        raise PackageError(f"{SOUND} cannot be decoded ({error})") from None
    if not rate:
        raise PackageError(f"{SOUND} holds no sound")
    return samples / rate


def picture_duration_s(data: bytes) -> float:
    """Decode all pictures of a file; return the seconds from the first to the end of the last.

    The last picture counts as long as the ones before it on average. `PackageError` when none can be decoded.
    """
    try:
        with av.open(io.BytesIO(data), mode="r") as opened:
            times = [frame.time for frame in opened.decode(video=0)]
    except (FFmpegError, ValueError, IndexError) as error:
        raise PackageError(f"the pictures cannot be decoded ({error})") from None
    if not times:
        raise PackageError("there is no picture in it")
    span = times[-1] - times[0]
    return span + (span / (len(times) - 1) if len(times) > 1 else 0.0)


def verify_and_print(packages: Sequence[Path], *, as_json: bool = False) -> int:
    """Check `packages` and print a report of each; return the highest exit code. No package is a `PackageError`."""
    if not packages:
        raise PackageError("no package is named; give the .zip file of a clip")
    reports = [verify(path) for path in packages]
    if as_json:
        sys.stdout.write(
            json.dumps([report.values() for report in reports], indent=1, ensure_ascii=False) + "\n"
        )
    else:
        for report in reports:
            sys.stdout.write("\n".join([str(report.path), *report.lines(), ""]))
    return max(report.exit_code for report in reports)
