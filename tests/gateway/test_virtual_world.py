"""The world: sound becomes I2S words, edges reach the camera at their time, time waits for a host that reads."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from gateway.errors import GatewayError
from gateway.virtual import i2s
from gateway.virtual.board import VirtualBoard
from gateway.virtual.interpreter import FirmwareError
from gateway.virtual.world import Pace, World

SENSOR = b"""
import struct, time
from machine import I2S, Pin
bus = I2S(0, sck=Pin(1), ws=Pin(2), sd=Pin(3), mode=I2S.RX, bits=32, format=I2S.MONO, rate=48000, ibuf=8000)
block = bytearray(4800)
keep = Pin(5, Pin.OUT, value=0)
count = 0
def step():
    global count
    bus.readinto(block)
    print(time.ticks_us(), struct.unpack_from('<i', block)[0] >> 8)
    count += 1
    keep(count == 4)
"""
CAMERA = b"""
import time
from machine import Pin
from camera import Camera, PixelFormat, FrameSize
camera = Camera(pixel_format=PixelFormat.JPEG, frame_size=FrameSize.VGA)
keep = Pin(9, Pin.IN)
keep.irq(lambda pin: print('keep', time.ticks_us(), pin.value()), Pin.IRQ_RISING)
def step():
    if camera.frame_available(): print(time.ticks_us(), str(camera.capture(), 'utf-8'))
"""
SENSOR_SETTINGS = b'{"rate": 48000, "channels": 1, "pins": {"keep": 5}}'
CAMERA_SETTINGS = b'{"fps": 20, "pins": {"keep": 9}}'


class Clock:
    """A scene that shows nothing but the time."""

    def jpeg(self, t_s: float) -> bytes:
        """Return the time as text."""
        return f"{t_s:.3f}".encode()


@pytest.fixture(autouse=True)
def _own_ports(tmp_path, monkeypatch):
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))


@pytest.fixture
def sensor() -> Iterator[VirtualBoard]:
    """A sensor that says the first sample of each block, and raises KEEP in its fourth."""
    with VirtualBoard({"main.py": SENSOR, "settings.json": SENSOR_SETTINGS}, serial="01") as board:
        yield board


@pytest.fixture
def camera() -> Iterator[VirtualBoard]:
    """A camera that says what it sees, and when KEEP rises."""
    with VirtualBoard({"main.py": CAMERA, "settings.json": CAMERA_SETTINGS}, serial="02") as board:
        yield board


class Reader(threading.Thread):
    """A host that reads all that a board says."""

    def __init__(self, board: VirtualBoard) -> None:
        super().__init__(daemon=True)
        self._fd = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        self._data = b""
        self._enough = threading.Event()
        self.start()

    def run(self) -> None:
        """Read until told to stop."""
        os.set_blocking(self._fd, False)
        over = False
        while not over:
            over = self._enough.wait(0.001)
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._data += os.read(self._fd, 65536)

    def lines(self) -> list[str]:
        """Stop; return the lines read."""
        self._enough.set()
        self.join()
        os.close(self._fd)
        return self._data.decode().replace("\r\n", "\n").splitlines()


def ramp(blocks: int) -> Iterator[np.ndarray]:
    """Sound in odd pieces whose every sample tells its place: sample n is n / 2^23."""
    samples = np.arange(blocks * 1200) / (1 << 23)
    for start in range(0, len(samples), 777):
        yield samples[start : start + 777]


def test_every_block_arrives_once_in_order_at_its_time(sensor):
    """However the sound is cut; 25 ms per block."""
    reader = Reader(sensor)
    world = World(sensor=sensor, sound=ramp(8), pace=Pace.FAST)
    world.start()
    assert world.wait(10)
    world.stop()
    assert reader.lines()[:8] == [f"{25_000 * (n + 1)} {1200 * n}" for n in range(8)]


def test_after_the_sound_comes_quiet_not_silence(sensor):
    """The boards go on, with the noise of a microphone: nothing looks broken."""
    reader = Reader(sensor)
    world = World(sensor=sensor, sound=ramp(1), pace=Pace.FAST)
    world.start()
    assert world.wait(10)
    while world.now_ns() < 1_000_000_000:
        time.sleep(0.005)
    world.stop()
    values = [int(line.split()[1]) for line in reader.lines()[1:]]
    assert len(values) > 30
    assert 0 < max(abs(value) for value in values) < 3000
    assert any(values)


def test_a_keep_edge_reaches_the_camera_in_the_cameras_own_time(sensor, camera):
    """At 100 ms; the camera's clock is 5 s ahead and gains 100 ppm."""
    readers = Reader(sensor), Reader(camera)
    world = World(
        sensor=sensor,
        sound=ramp(12),
        camera=camera,
        scene=Clock(),
        pace=Pace.FAST,
        camera_offset_us=5_000_000,
        camera_ppm=100,
    )
    world.start()
    assert world.wait(10)
    world.stop()
    readers[0].lines()
    lines = readers[1].lines()
    assert lines[:4] == ["5050005 0.050", "keep 5100010 1", "5100010 0.100", "5150015 0.150"]


def test_fast_time_waits_for_a_host_that_reads_slowly(sensor):
    """Nothing is lost although the host sleeps between reads."""
    host = os.open(sensor.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    world = World(sensor=sensor, sound=ramp(80), pace=Pace.FAST)
    world.start()
    said = b""
    while not world.wait(0.003):
        try:
            said += os.read(host, 64)
        except BlockingIOError:
            continue
    world.stop()
    os.close(host)
    lines = said.decode().split()
    assert lines[: len(lines) // 4 * 2 : 2] == [str(25_000 * (n + 1)) for n in range(len(lines) // 4)]


def test_fast_time_goes_on_without_a_host(sensor):
    """Who never reads stops it for no longer than its patience."""
    world = World(sensor=sensor, sound=ramp(400), pace=Pace.FAST, patience_s=0.05)
    world.start()
    assert world.wait(10)
    world.stop()


def test_real_time_takes_its_time(sensor):
    """Twelve blocks are 300 ms."""
    world = World(sensor=sensor, sound=ramp(11))
    start = time.monotonic()
    world.start()
    assert world.wait(10)
    world.stop()
    assert 0.29 <= time.monotonic() - start < 2


def test_the_power_is_cut_between_two_events(sensor):
    """What is done to a board in a running world happens in its thread."""
    world = World(sensor=sensor, sound=ramp(400), pace=Pace.FAST, patience_s=0)
    world.start()
    world.between_events(sensor.power_cycle)
    world.stop()
    assert sensor.starts == 2


def test_what_goes_wrong_in_the_world_is_raised(sensor, monkeypatch):
    """To whoever waits or stops; nothing hangs."""

    def broken(*_: object) -> None:
        raise FirmwareError("broken")

    monkeypatch.setattr(sensor, "step", broken)
    world = World(sensor=sensor, sound=ramp(4), pace=Pace.FAST)
    world.start()
    with pytest.raises(FirmwareError, match="broken"):
        world.wait(10)
    with pytest.raises(FirmwareError, match="broken"):
        world.stop()


def test_a_rate_that_the_sound_does_not_have_is_refused():
    """The text says both."""
    files = {"main.py": SENSOR, "settings.json": b'{"rate": 32000}'}
    with VirtualBoard(files, serial="01") as board, pytest.raises(GatewayError, match=r"48000 Hz; .* 32000"):
        World(sensor=board, sound=ramp(1))


def test_a_camera_needs_a_scene(camera):
    """It would have nothing to see."""
    with pytest.raises(GatewayError, match="scene"):
        World(camera=camera)


def test_full_scale_is_clipped_to_24_bit():
    """1.0 is one step beyond the largest sample; the lowest byte of a word is empty."""
    words = np.frombuffer(i2s.words(np.array([[1.0, -1.0, 2.0, 0.0, 1 / (1 << 23)]])), "<i4")
    assert words.tolist() == [0x7FFFFF00, -0x80000000, 0x7FFFFF00, 0, 0x100]


def test_left_and_right_alternate():
    """Of two channels, a mono bus carries the first; one channel reaches both microphones."""
    stereo = np.array([[0.25, 0.5], [-0.25, -0.5]])
    assert np.frombuffer(i2s.words(stereo), "<i4").tolist() == [1 << 29, -1 << 29, 1 << 30, -1 << 30]
    assert next(i2s.blocks([stereo], 2, 1)).tolist() == [[0.25, 0.5]]
    assert next(i2s.blocks([stereo[0]], 2, 2)).tolist() == [[0.25, 0.5], [0.25, 0.5]]


def test_the_last_block_is_padded():
    """Five samples in blocks of two are three blocks."""
    found = [block.tolist() for block in i2s.blocks([np.ones(5)], 2, 1)]
    assert found == [[[1, 1]], [[1, 1]], [[1, 0]]]
