"""`stalenstraat record`: a supervised session on site, sounds with a label for learning the city's own signature.

Rules of this file
- Explicit and bounded: who, why and for how long is in the audit log before the board is asked, and it ends by itself.
  When this program dies the board ends the session within `ASKED_S`, and forgets what was not fetched.
- Time is the board's: so many seconds of its figures.
- No store, no package, no delivery: a clip of a session goes to its folder and nowhere else. There are no pictures.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from gateway.clips.contents import Parts, SensorClip, sensor_clip
from gateway.clips.sound import flac
from gateway.config import MAX_RETENTION_DAYS, Config, load
from gateway.errors import GatewayError, PortLost
from gateway.link import events
from gateway.link.dialogue import ANSWER_S, Dialogue, NoAnswer
from gateway.link.transfer import ClipProgress
from gateway.signature.carrying import opened
from gateway.signature.manifest import LABELS
from gateway.store import recordings
from gateway.store.audit import Audit
from gateway.store.recordings import Recording, Recordings
from gateway.timing import iso_utc

MAX_MINUTES = 60
ASKED_S = 15  # for how long the board is asked each time
ASK_EVERY_S = 5
FINISH_S = 15  # that a clip which has begun may take beyond the end: it is ten seconds long
LONGEST_CLASS = 40


class RecordError(GatewayError):
    """A labelled session cannot be held; the text says why."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; see `gateway.signature.commands.record`."""

    config: Path
    sensor: str
    label: str
    kind: str
    minutes: float
    out: Path
    who: str
    reason: str


@dataclass(slots=True)
class _Clip:
    """A clip on its way."""

    progress: ClipProgress = field(default_factory=ClipProgress)
    parts: list[bytearray] = field(default_factory=lambda: [bytearray() for _ in range(4)])


class Fetching:
    """The clips of a session on `board`: chunks in, answers out; `keep` is called with each whole one."""

    def __init__(self, board: Dialogue, keep: Callable[[int, SensorClip], None]) -> None:
        self._board = board
        self._keep = keep
        self._boot = board.hello.boot
        self._on_way: dict[int, _Clip] = {}
        self._kept: set[int] = set()
        self._first: int | None = None
        self.seconds = 0.0
        self.laf_db = math.nan

    @property
    def waiting(self) -> bool:
        """True while a clip is on its way."""
        return bool(self._on_way)

    @property
    def clips(self) -> int:
        """Return how many clips were kept."""
        return len(self._kept)

    def take(self, event: events.Event, *, over: bool) -> None:
        """Take what the board says; once the session is `over`, no clip that begins."""
        match event:
            case events.FiguresReceived():
                self._first = event.sample if self._first is None else self._first
                self.seconds = (event.sample - self._first) / self._board.hello.clock_hz
                self.laf_db = event.laf_db
            case events.HelloReceived():
                self._hello(event)
            case events.ChunkReceived() if event.clip in self._on_way or not over:
                self._chunk(event)
            case _:
                pass

    def _hello(self, event: events.HelloReceived) -> None:
        if event.hello.boot != self._boot:
            raise RecordError(f"{self._board.spec}: the board has restarted; the session is over")
        for clip in self._kept.intersection(event.hello.held):
            self._board.session.done(self._boot, clip)  # it did not hear it the first time

    def _chunk(self, chunk: events.ChunkReceived) -> None:
        if chunk.clip in self._kept:
            return
        clip = self._on_way.setdefault(chunk.clip, _Clip())
        piece = clip.progress.accept(chunk)
        if piece is not None:
            clip.parts[piece.part] += piece.data
            clip.progress.committed(piece)
        reached = clip.progress.parts[chunk.part]
        if reached.durable or reached.whole:
            self._board.session.acknowledge(self._boot, chunk.clip, chunk.part, reached.durable)
        if not clip.progress.whole:
            return
        event, media, trace, summary = (bytes(part) for part in clip.parts)
        parts: Parts = (event, media, trace, summary)
        found = sensor_clip(parts)
        if not found.event.labelled:
            raise RecordError(
                f"{self._board.spec}: clip {chunk.clip} is not of this session: start the gateway, which fetches it, "
                "and record afterwards"
            )
        self._keep(chunk.clip, found)
        del self._on_way[chunk.clip]
        self._kept.add(chunk.clip)
        self._board.session.done(self._boot, chunk.clip)


def record_and_print(options: Options) -> int:
    """Hold the session; print what was recorded. `GatewayError` when it cannot be held."""
    config = load(options.config)
    _check(options, config)
    folder = Recordings(options.out)
    folder.forget_expired(time.time_ns())
    clips, seconds, why = asyncio.run(_record(options, config, folder))
    _say(f"the session is over after {seconds / 60:.1f} minutes: {why}; {clips} recordings in {options.out}")
    return 0


def forget_and_print(folder: Path) -> int:
    """Delete the recordings in `folder` that have expired; print which."""
    if not folder.is_dir():
        raise RecordError(f"{folder}: no such folder; give the --out of a session")
    gone = Recordings(folder).forget_expired(time.time_ns())
    _say("\n".join([f"{folder}: {len(gone)} recordings have expired and are deleted", *gone]))
    return 0


def _check(options: Options, config: Config) -> None:
    if options.sensor not in [sensor.id for sensor in config.sensors]:
        names = ", ".join(sensor.id for sensor in config.sensors)
        raise RecordError(f"--sensor {options.sensor}: no sensor of {options.config}; there are: {names}")
    if options.label not in LABELS:
        raise RecordError(f"--label {options.label}: write {' or '.join(LABELS)}")
    if not 0 < options.minutes <= MAX_MINUTES:
        raise RecordError(f"--minutes {options.minutes:g}: a session lasts at most {MAX_MINUTES} minutes")
    if not 0 < len(options.kind) <= LONGEST_CLASS or not options.kind.isprintable():
        raise RecordError(f"--class {options.kind!r}: write 1 to {LONGEST_CLASS} characters, say motorcycle")


async def _record(options: Options, config: Config, folder: Recordings) -> tuple[int, float, str]:
    """Return how many clips were kept, how long it lasted in seconds, and why it ended."""
    sensor = next(each for each in config.sensors if each.id == options.sensor)
    audit = Audit(config.store.path)
    async with opened(sensor.port, config, options.config, "record", sensor.baud) as board:
        _check_board(board, sensor.id)
        start_ns = time.time_ns()
        about = {
            "board": sensor.id,
            "label": options.label,
            "class": options.kind,
            "folder": str(options.out),
        }

        def note(what: str, **more: object) -> None:
            audit.note(
                what, who=options.who, reason=options.reason, now_ns=time.time_ns(), about={**about, **more}
            )

        stamp = iso_utc(start_ns)[:19].replace("-", "").replace(":", "") + "Z"
        group = f"{sensor.id}_{stamp}"

        def keep(number: int, clip: SensorClip) -> None:
            now_ns = time.time_ns()
            lafmax_db = "" if clip.summary is None else f"{clip.summary.lafmax:.1f}"
            row = Recording(
                file=f"{group}_{number:04d}.flac",
                label=options.label,
                class_=options.kind,
                source=config.site.id,
                group=group,
                time=iso_utc(now_ns),
                lafmax_db=lafmax_db,
                expires=iso_utc(now_ns + recordings.KEEP_NS),
            )
            folder.add(flac(clip), row)
            _say(f"{row.file}: LAFmax {lafmax_db} dB(A)")

        recordings.remember(config.store.path, options.out)
        note("labelled session: begun", minutes=options.minutes)
        _announce(options, config)
        session = Fetching(board, keep)
        why = "time is up"
        try:
            await _hold(board, session, options.minutes * 60)
        except asyncio.CancelledError:
            why = "stopped by hand"
        except Exception as error:
            why = str(error) or type(error).__name__
            raise
        finally:
            board.session.label(0)
            note("labelled session: ended", clips=session.clips, seconds=round(session.seconds), why=why)
    return session.clips, session.seconds, why


def _check_board(board: Dialogue, sensor: str) -> None:
    hello = board.hello
    if hello.id != sensor:
        raise RecordError(
            f'{board.spec}: the board there is "{hello.id}", not "{sensor}"; correct its port in site.toml'
        )
    if hello.mode != "evidence":
        raise RecordError(
            f"{board.spec}: the board is in mode {hello.mode}: no clip can come into being there"
        )
    if hello.held:
        raise RecordError(
            f"{board.spec}: the board holds {len(hello.held)} clips of events: start the gateway, which fetches them, "
            "and record afterwards"
        )


async def _hold(board: Dialogue, session: Fetching, seconds: float) -> None:
    """Ask for the session, again and again, and take its clips until it has lasted `seconds`."""
    try:
        await board.ask(
            lambda: board.session.label(ASKED_S),
            lambda event: True if isinstance(event, events.HelloReceived) and event.hello.label_s else None,
        )
    except NoAnswer as error:
        why = error.said or "is its firmware of this version? Put it on with flash.py"
        raise RecordError(f"{board.spec}: the board begins no session: {why}") from None
    ask_at = float(ASK_EVERY_S)
    with Console(stderr=True).status("") as status:
        while session.seconds < seconds or (session.waiting and session.seconds < seconds + FINISH_S):
            try:
                async with asyncio.timeout(ANSWER_S):
                    found = await board.next()
            except TimeoutError:
                raise PortLost(
                    f"{board.spec}: the board says nothing any more; is it still plugged in?"
                ) from None
            for event in found:
                session.take(event, over=session.seconds >= seconds)
            if session.seconds >= ask_at:
                ask_at = session.seconds + ASK_EVERY_S
                board.session.label(ASKED_S)
                board.session.ask_clock()  # the board sends clips only to a gateway that it hears
            board.flush()
            left_s = max(seconds - session.seconds, 0.0)
            status.update(f"{left_s:.0f} s left, LAF {session.laf_db:.1f} dB(A), {session.clips} recordings")


def _announce(options: Options, config: Config) -> None:
    _say(
        f"LABELLED SESSION at {config.site.name}: microphone {options.sensor}, at most {options.minutes:g} minutes, "
        f"{options.label} ({options.kind}).\n"
        f"Held by {options.who}: {options.reason}.\n"
        "Whatever is over the level threshold is recorded for ten seconds, sound only. It is no evidence, and none is\n"
        f"recorded meanwhile. Recordings go to {options.out} and are deleted after {MAX_RETENTION_DAYS} days.\n"
        "Ctrl-C ends the session."
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  the command's output
