"""Plays sounds to the real firmware in the interpreter and returns what it made of every frame (125 ms).

Rules of this file
- What is heard and decided is the board's own code (listening.py); here are only samples in and records out.
- A sound is set into a street at a level (LAFmax) of our choosing: a recording has none of its own.
- Two interpreters work side by side; what they answer depends on the sound alone, not on its turn.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from firmware.common.blocks import FRAMES_PER_SECOND, block_samples
from gateway.boards import SITE
from gateway.signature.features import in_words
from gateway.signature.listening import FRAME, JUDGE, JUDGED, PROGRAM, START
from gateway.signature.manifest import SignatureError
from gateway.virtual import sound
from gateway.virtual.interpreter import Interpreter, firmware_files
from gateway.virtual.level import a_weighted_equivalent_db
from gateway.virtual.street.background import quiet_street

Floats: TypeAlias = npt.NDArray[np.float32]
Flags: TypeAlias = npt.NDArray[np.bool_]

RATE: Final = sound.RATE
BACKGROUND_DBA: Final = 60.0
"""A town street by day between two loud vehicles."""
LEAD_S: Final = 3.0
"""Of street before a sound: averages, tracks and behaviour have forgotten the start."""
TAIL_S: Final = 1.0
WORKERS: Final = 2  # one interpreter each
FULL_SCALE: Final = 2**23  # of the 24 bits of a word


@dataclass(frozen=True)
class Setup:
    """How a board is set and what it is given: model text (None: the default one; NO_MODEL), interpreter, thresholds.

    `words`: behaviour and evidence of every frame, not only of those that are loud enough to trigger.
    """

    model: str | None = None
    program: Path | None = None
    threshold_dba: float = 82.0
    words: bool = False
    signature_threshold: float = float(SITE["sensor"]["signature_threshold"])
    min_duration_s: float = float(SITE["sensor"]["min_duration_s"])
    hold_off_s: float = float(SITE["sensor"]["hold_off_s"])

    @property
    def needed(self) -> int:
        """Return how many frames a condition must hold, as the firmware's trigger counts them."""
        return max(1, int(self.min_duration_s * FRAMES_PER_SECOND + 0.5))

    def numbers(self) -> tuple[int, float, float, float, float]:
        """Return what START and JUDGE begin with."""
        return (RATE, self.threshold_dba, self.signature_threshold, self.min_duration_s, self.hold_off_s)


@dataclass(frozen=True)
class Frames:
    """What the firmware made of a sound, frame by frame; arrays (n,), `features` (n, F).

    `score` is as it counts at the level of the frame, `even` what a score of 0.5 would count there.
    `triggered` and `loud` are the edges of the trigger, and of one that goes by level alone. `words` is
    (behaviour, evidence) by frame: of the loud frames, or of all.
    """

    lafmax_db: Floats
    score: Floats
    even: Floats
    firing_hz: Floats
    triggered: Flags
    loud: Flags
    features: Floats
    words: dict[int, tuple[str, str]]

    @property
    def seconds(self) -> float:
        """Return how long the sound was."""
        return self.lafmax_db.size / FRAMES_PER_SECOND


Sound: TypeAlias = Callable[[], sound.Samples]
"""Returns samples (n,) at 48 kHz, full scale 1; called by the worker that plays them."""


class Player:
    """An interpreter with the firmware's signal chain in it, as `setup` says. A context manager.

    Raises `SignatureError` for a model that the firmware refuses, `InterpreterError`.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        files = {**firmware_files(), "listening.py": PROGRAM.encode()}
        self._interpreter = Interpreter(files, program=setup.program)
        try:
            self._interpreter.exec("import listening")
            self.choose(setup.model)
            self.about: dict[str, Any] = json.loads(self._interpreter.call("listening.about"))
        except BaseException:
            self._interpreter.close()
            raise
        self.features = int(self.about["features"])
        self.names = tuple(in_words(name) for name in self.about["names"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interpreter.close()

    def choose(self, model: str | None) -> None:
        """Judge by the model in the text `model` from now on; None is the default one."""
        refused = self._interpreter.call("listening.choose", (model or "").encode())
        if refused:
            raise SignatureError(f"the firmware refuses the model: {refused.decode()}")

    def play(self, samples: sound.Samples) -> Frames:
        """Return what a board that was just switched on makes of `samples` (n,)."""
        call = self._interpreter.call
        call("listening.start", START.pack(*self.setup.numbers(), self.setup.words))
        words = np.clip(np.round(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("<i4") << 8
        block = block_samples(RATE)
        whole = words[: words.size // block * block]
        heard = b"".join(
            call("listening.hear", whole[at : at + RATE].tobytes()) for at in range(0, whole.size, RATE)
        )
        rows = np.frombuffer(heard, self._row())
        said: list[tuple[int, str, str]] = json.loads(call("listening.said"))
        return Frames(
            rows["lafmax"].copy(),
            rows["score"].copy(),
            rows["even"].copy(),
            rows["hz"].copy(),
            rows["triggered"] != 0,
            rows["loud"] != 0,
            rows["features"].reshape(len(rows), self.features).copy(),
            {frame: (behaviour, evidence) for frame, behaviour, evidence in said},
        )

    def judge(self, lafmax_db: Floats, features: Floats) -> tuple[Floats, Flags]:
        """Return score and trigger (n,) that the chosen model gives for frames that were heard before."""
        head = JUDGE.pack(*self.setup.numbers(), self.features)
        body = np.column_stack([lafmax_db, features]).astype("<f4").tobytes()
        judged = list(JUDGED.iter_unpack(self._interpreter.call("listening.judge", head + body)))
        scores = np.array([score for score, _ in judged], np.float32)
        return scores, np.array([bool(wanted) for _, wanted in judged], np.bool_)

    def _row(self) -> np.dtype[Any]:
        fields = [
            ("lafmax", "<f4"),
            ("score", "<f4"),
            ("even", "<f4"),
            ("hz", "<f4"),
            ("triggered", "u1"),
            ("loud", "u1"),
        ]
        row = np.dtype([*fields, ("features", "<f4", (self.features,))])
        assert row.itemsize == FRAME.size + 4 * self.features  # noqa: S101  two descriptions of one record
        return row


def play_all(sounds: Sequence[Sound], setup: Setup) -> Iterator[tuple[int, Frames]]:
    """Yield (index, frames) of `sounds` as they are heard, in no order. Raises what a sound or the firmware raises."""
    heard: SimpleQueue[tuple[int, Frames] | None] = SimpleQueue()
    left = iter(range(len(sounds)))
    lock = Lock()
    stop = Event()

    def work() -> None:
        try:
            with Player(setup) as player:
                while not stop.is_set():
                    with lock:
                        index = next(left, None)
                    if index is None:
                        return
                    heard.put((index, player.play(sounds[index]())))
        except BaseException:
            stop.set()
            raise
        finally:
            heard.put(None)

    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [pool.submit(work) for _ in range(min(WORKERS, len(sounds)))]
        try:
            for _ in workers:
                yield from iter(heard.get, None)
        finally:
            stop.set()
        for worker in workers:
            worker.result()


def in_order(sounds: Sequence[Sound], setup: Setup, what: str, console: Console | None) -> list[Frames]:
    """Return what the firmware makes of each of `sounds`, with a progress bar called `what` on `console`."""
    heard: Iterable[tuple[int, Frames]] = play_all(sounds, setup)
    if console:
        heard = track(heard, what, total=len(sounds), console=console, transient=True)
    found = dict(heard)
    return [found[index] for index in range(len(sounds))]


def in_street(
    samples: sound.Samples,
    level_dba: float,
    *,
    seed: int,
    background_dba: float = BACKGROUND_DBA,
    background: Callable[[int], sound.Samples] | None = None,
) -> sound.Samples:
    """Return `samples` (n,) at `level_dba` (LAFmax) in a street of `background_dba` (LAeq), which begins before it.

    `background` returns so many samples of the street's noise, at any scale; traffic far away, if not given.
    Raises `LevelError` for silence.
    """
    event = sound.faded(sound.at_level(samples, level_dba))
    lead = round(LEAD_S * RATE)
    size = lead + event.size + round(TAIL_S * RATE)
    if background:
        street = background(size)
        street = street * 10 ** ((background_dba - a_weighted_equivalent_db(street, RATE)) / 20)
    else:
        street = quiet_street(size, seed=seed, dba=background_dba)
    street[lead : lead + event.size] += event
    return street
