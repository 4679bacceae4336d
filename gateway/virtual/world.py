"""The world round virtual boards: sound for the microphone, pictures for the camera, wires between them, and time.

Rules of this file
- Simulated time starts at 0 and goes from one event to the next: a block of sound is complete, a frame is taken.
  The lines ARM and KEEP go from sensor to camera with the instant of their edge.
- Real time waits for the clock of this computer. Fast time waits only for a host that has not read yet, or that says
  it is busy, and not longer than `patience_s`; who never reads stops nothing.
- After the sound comes quiet, so that the boards can hand over what they hold, until `stop`.
- The boards belong to the thread between `start` and `stop`.
"""

import queue
import select
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Protocol

import numpy as np

from firmware.common.blocks import block_samples
from gateway.errors import GatewayError
from gateway.timing import MILLISECOND_NS, SECOND_NS
from gateway.virtual import i2s
from gateway.virtual.board import PinChange, VirtualBoard
from gateway.virtual.faults import Fault

SOUND_RATE = 48000
QUIET = 4e-5  # about 35 dB(Z) at 120 dB full scale: a microphone's own noise
NAP_S = 0.0005  # how often we look whether the host has read
LOOP_NS = 25_000_000  # how often the camera module looks at its link between two frames
LINES = ("arm", "keep")


class Pace(Enum):
    """How fast simulated time goes."""

    REAL = "real"
    FAST = "fast"


class Scene(Protocol):
    """What the camera sees."""

    def jpeg(self, t_s: float) -> bytes:
        """Return the picture at simulated time `t_s`."""
        ...


class World:
    """A sensor board in `sound`, a camera board in front of `scene`, or one of the two.

    `sound`: arrays (n,) or (channels, n), -1..1, at 48 kHz. The camera's clock shows `camera_offset_us` more than
    simulated time at the start and gains `camera_ppm`. `busy` says that the host has work to finish first. `fault`
    is what happens to the sound on its way from the microphones to the sensor board.
    """

    def __init__(  # noqa: PLR0913  each is a part of the world
        self,
        *,
        sensor: VirtualBoard | None = None,
        sound: Iterable[i2s.Samples] = (),
        camera: VirtualBoard | None = None,
        scene: Scene | None = None,
        pace: Pace = Pace.REAL,
        camera_offset_us: int = 0,
        camera_ppm: float = 0.0,
        patience_s: float = 2.0,
        busy: Callable[[], bool] | None = None,
        fault: Fault | None = None,
    ) -> None:
        if camera and scene is None:
            raise GatewayError("a virtual camera needs a scene to look at")
        self._pace = pace
        self._patience_s = patience_s
        self._busy = busy or (lambda: False)
        self._tired = False
        self._boards = [board for board in (sensor, camera) if board]
        self._sensor = _Sensor(sensor, iter(sound), fault) if sensor else None
        self._camera = _Camera(camera, scene, camera_offset_us, camera_ppm) if camera and scene else None
        self._now_ns = 0
        self._late_ns = 0
        self._stopping = threading.Event()
        self._finished = threading.Event()
        self._actions: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="virtual world", daemon=True)
        if self._sensor is None:
            self._finished.set()

    @property
    def finished(self) -> bool:
        """Whether all of the sound has been heard."""
        return self._finished.is_set()

    @property
    def running(self) -> bool:
        """Whether time goes on: from `start` to `stop`, or until something goes wrong."""
        return self._thread.is_alive()

    @property
    def late_s(self) -> float:
        """By how much real time could not be kept: 0 on a computer that is fast enough."""
        return self._late_ns / SECOND_NS

    @property
    def blocks(self) -> int:
        """How many blocks of sound the sensor has taken."""
        return self._sensor.blocks if self._sensor else 0

    @property
    def keep_delays_ms(self) -> list[float]:
        """How long after its block was complete each KEEP edge came, at most: the step's time on this computer."""
        return self._sensor.keep_delays_ms if self._sensor else []

    def now_ns(self) -> int:
        """Return simulated time; never goes back."""
        return self._now_ns

    def start(self) -> None:
        """Let time begin."""
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the sound is over; return whether it is. Raises what went wrong in the world."""
        over = self._finished.wait(timeout_s)
        if self._failure:
            raise self._failure
        return over

    def between_events(self, action: Callable[[], None]) -> None:
        """Do `action` to the boards while time stands still (cut the power, say); return when it is done."""
        done = threading.Event()
        self._actions.put(lambda: (action(), done.set()))
        while not done.wait(0.1):
            if self._failure:
                raise self._failure

    def stop(self) -> None:
        """Let time end; the boards stay as they are. Raises what went wrong in the world."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            start_ns = time.monotonic_ns()
            while not self._stopping.is_set():
                while not self._actions.empty():
                    self._actions.get()()
                start_ns = self._one_event(start_ns)
        except BaseException as failure:  # noqa: BLE001  handed to whoever waits or stops
            self._failure = failure
        finally:
            self._finished.set()

    def _one_event(self, start_ns: int) -> int:
        sensor, camera = self._sensor, self._camera
        if sensor and (camera is None or sensor.due_ns <= camera.due_ns):
            start_ns = self._wait_for(sensor.due_ns, start_ns)
            edges = sensor.step()
            if camera:
                camera.see_edges(sensor.as_lines(edges))
            if sensor.over:
                self._finished.set()
        elif camera:
            start_ns = self._wait_for(camera.due_ns, start_ns)
            camera.step()
        if self._pace is Pace.FAST:
            self._wait_for_host()
        return start_ns

    def _wait_for(self, due_ns: int, start_ns: int) -> int:
        """Let the time come; return the (moved) instant of this computer's clock at which simulated time was 0."""
        while self._pace is Pace.REAL and not self._stopping.is_set():
            left_s = (start_ns + due_ns - time.monotonic_ns()) / SECOND_NS
            if left_s <= 0:
                break
            # A port that is full is tried again soon: nothing tells us that the host has read.
            full = any(board.unread_bytes for board in self._boards)
            select.select(self._boards, [], [], min(left_s, 4 * NAP_S) if full else left_s)
            for board in self._boards:
                board.pump()
        self._now_ns = due_ns
        late_ns = time.monotonic_ns() - start_ns - due_ns
        if self._pace is Pace.REAL and late_ns > SECOND_NS:
            self._late_ns += late_ns
            return start_ns + late_ns
        return start_ns

    def _wait_for_host(self) -> None:
        deadline = time.monotonic() + (0 if self._tired else self._patience_s)
        while any(board.unread_bytes for board in self._boards) or self._busy():
            if time.monotonic() > deadline or self._stopping.is_set():
                self._tired = True
                return
            time.sleep(NAP_S)
            for board in self._boards:
                board.pump()
        self._tired = False


class _Sensor:
    """The sensor board and its sound."""

    def __init__(self, board: VirtualBoard, sound: Iterator[i2s.Samples], fault: Fault | None) -> None:
        self._fault = fault
        self._board = board
        self._sound = sound
        self._starts = 0
        self._noise = np.random.default_rng(1)
        self._blocks: Iterator[i2s.Samples] = iter(())
        self._pins: dict[int, str] = {}
        self._size = block_samples(SOUND_RATE)
        self._channels = 1
        self._samples = 0
        self.over = False
        self.blocks = 0
        self.keep_delays_ms: list[float] = []
        self._learn()

    @property
    def due_ns(self) -> int:
        """When the block being taken is complete."""
        return (self._samples + self._size) * SECOND_NS // SOUND_RATE

    def step(self) -> list[PinChange]:
        """Give the board the block that is complete; return the edges it makes."""
        due_ns = self.due_ns
        block = next(self._blocks, None)
        if block is None:
            self.over = True
            block = self._noise.normal(0.0, QUIET, (self._channels, self._size))
        self._samples += self._size
        start_ns = time.monotonic_ns()
        edges = self._board.step(due_ns // 1000, self._on_the_bus(block))
        self.blocks += 1
        for at_us, line, value in self.as_lines(edges):
            if line == "keep" and value:
                delay_ns = at_us * 1000 - due_ns + time.monotonic_ns() - start_ns
                self.keep_delays_ms.append(delay_ns / MILLISECOND_NS)
        if self._board.starts != self._starts:
            self._learn()
        return edges

    def _on_the_bus(self, block: i2s.Samples) -> dict[str, bytes]:
        words = i2s.words(block)
        if self._fault is None:
            return {"i2s": words}
        return {"slots": self._fault(i2s.both_slots(words, self._channels))}

    def as_lines(self, edges: list[PinChange]) -> list[tuple[int, str, int]]:
        """Return the edges on the lines to the camera: time in us, line, level."""
        return [(edge.at_us, self._pins[edge.pin], edge.value) for edge in edges if edge.pin in self._pins]

    def _learn(self) -> None:
        """Read the board's settings, which a new start may have changed."""
        self._starts = self._board.starts
        settings = self._board.settings
        rate = settings.get("rate", SOUND_RATE)
        if rate != SOUND_RATE:
            raise GatewayError(f"virtual sound has {SOUND_RATE} Hz; the board's settings ask for {rate}")
        channels = settings.get("channels", 1)
        pins = settings.get("pins", {})
        self._pins = {pins[line]: line for line in LINES if line in pins}
        if channels != self._channels or self._samples == 0:
            self._channels = channels
            self._blocks = i2s.blocks(self._sound, self._size, channels)


class _Camera:
    """The camera board and what it sees."""

    def __init__(self, board: VirtualBoard, scene: Scene, offset_us: int, ppm: float) -> None:
        self._board = board
        self._scene = scene
        self._offset_us = offset_us
        self._rate = 1 + ppm * 1e-6
        self._starts = 0
        self._edges: list[tuple[int, str, int]] = []
        self._fps: int = 10
        self._pins: dict[str, int] = {}
        self._learn()
        self._frame_ns: int = SECOND_NS // self._fps
        self.due_ns = LOOP_NS

    def see_edges(self, edges: list[tuple[int, str, int]]) -> None:
        """Take edges of the lines, in simulated time, for the next step."""
        self._edges += edges

    def step(self) -> None:
        """Let the board run once, with the frame of now if one is due."""
        edges = [
            PinChange(self._local_us(at_us), self._pins[line], value)
            for at_us, line, value in self._edges
            if line in self._pins
        ]
        self._edges.clear()
        inputs: dict[str, bytes] = {}
        if self.due_ns == self._frame_ns:
            inputs["camera"] = self._scene.jpeg(self.due_ns / SECOND_NS)
            self._frame_ns += SECOND_NS // self._fps
        self._board.step(self._local_us(self.due_ns // 1000), inputs, edges)
        if self._board.starts != self._starts:
            self._learn()
        self.due_ns = min(self.due_ns + LOOP_NS, self._frame_ns)

    def _local_us(self, at_us: int) -> int:
        return self._offset_us + round(at_us * self._rate)

    def _learn(self) -> None:
        self._starts = self._board.starts
        settings = self._board.settings
        self._fps = int(settings.get("fps", self._fps))
        self._pins = {line: settings["pins"][line] for line in LINES if line in settings.get("pins", {})}
