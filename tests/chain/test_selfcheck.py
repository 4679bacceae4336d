"""Faults between microphone and board, end to end: words on a virtual bus, what the gateway says of the board."""

import asyncio
import json
import struct

import numpy as np
import pytest
import serial

from firmware.common import flags as flag
from firmware.common import wire
from gateway.config import load
from gateway.service.gateway import Gateway
from gateway.virtual import faults, i2s
from gateway.virtual.board import random_serial
from gateway.virtual.boards import virtual_sensor
from gateway.virtual.clock import WorldClock
from gateway.virtual.street.background import quiet_street
from gateway.virtual.world import Pace, World
from tests.chain.cabinet import LEVEL_ALONE, measurement, street, write_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


class Bus:
    """A fault that a test puts in and takes out."""

    def __init__(self, fault=None):
        self.fault = fault

    def __call__(self, slots):
        """Let the words through the fault of now."""
        return self.fault(slots) if self.fault else slots


def watch(folder, bus, sound, look, **changes):
    """Run a gateway and a sensor in `sound` through `bus` until `look(status of the sensor)` is true or it is over."""
    with virtual_sensor("virtual-1", serial=random_serial(), **{**LEVEL_ALONE, **changes}) as board:
        world = World(sensor=board, sound=sound, pace=Pace.FAST, fault=bus)
        gateway = Gateway(load(write_site(folder, board.port, None)), WorldClock(world))

        async def run():
            running = asyncio.create_task(gateway.run())
            world.start()
            try:
                while not (world.finished and not gateway.busy):
                    if look(gateway.status()["boards"][0]):
                        return True
                    await asyncio.sleep(0.005)
                return False
            finally:
                await asyncio.to_thread(world.stop)
                gateway.stop()
                await running

        return asyncio.run(run())


def blocks(seconds, channels=1):
    """Yield a quiet street for so many microphones, each with noise of its own, block by block."""
    sound = quiet_street(seconds * 48000, seed=3)
    sound = sound + np.random.default_rng(1).normal(0, 5e-5, (channels, sound.size))
    for start in range(0, sound.shape[1], 1200):
        yield sound[:, start : start + 1200]


def frames_of(seconds, *, lost_at=None, fault=None):
    """Return what a board sends in quiet, whose clock gains 20.8 ms on its samples at second `lost_at`."""
    found = []
    with virtual_sensor("virtual-1", serial=random_serial(), mode="observe") as board:
        reader = wire.FrameReader()
        with serial.Serial(board.port, timeout=0) as port:
            port.write(wire.line("hello 1"))
            for number, block in enumerate(blocks(seconds), start=1):
                lost_us = 20_833 if lost_at is not None and number > 40 * lost_at else 0
                words = i2s.both_slots(i2s.words(block), 1)
                board.step(number * 25_000 + lost_us, {"slots": fault(words) if fault else words})
                found += reader.feed(port.read(65536))
    return found


def of_kind(found, kind):
    """Return the payloads of the frames of `kind`."""
    return [frame.payload for frame in found if isinstance(frame, wire.Frame) and frame.kind == kind]


def to_the_end(_status):
    """Look at nothing: the sound is heard to its end."""
    return False


def test_a_microphone_in_the_wrong_slot_is_named_and_believed_again_when_it_is_put_right(tmp_path):
    """The board finds nothing in the left slot, listens to both, and says which pin to connect where."""
    bus = Bus(faults.swapped)
    said = []

    def look(status):
        text = status["checks"].get("microphone")
        if text not in said:
            said.append(text)
        if text and "right slot" in text:
            bus.fault = None
        return bus.fault is None and text is None

    assert watch(tmp_path, bus, blocks(60), look, mode="observe")
    assert "its signal is in the right slot: connect its L/R (SEL) pin to ground" in said


def test_a_board_whose_data_line_is_loose_says_so_and_has_no_background(tmp_path):
    """Floating: in the checks, as a flag in the figures, and none of its frames counts for the background."""
    seen = []

    watch(tmp_path, Bus(faults.floating()), blocks(75), seen.append, mode="observe")
    last = seen[-1]
    assert "data wire" in last["checks"]["microphone"]
    assert last["flags"] & 16
    assert last["hour"] is None


def test_a_clip_of_a_microphone_that_is_cut_off_carries_the_flag_and_the_words(tmp_path):
    """What the board found while it recorded stands in the sealed clip."""
    time_s = np.arange(20 * 48000) / 48000
    hum = 0.4 * np.sin(2 * np.pi * 97.3 * time_s) * ((time_s >= 8.0) & (time_s < 9.0))
    sound = (block + hum[at * 1200 : (at + 1) * 1200] for at, block in enumerate(street(20.0)))
    watch(tmp_path, Bus(faults.clipped(0.3)), sound, to_the_end)
    (package,) = (tmp_path / "city").glob("*.zip")
    flags = {flag["flag"] for flag in measurement(package)["validity"]}
    assert "microphone_clipped" in flags
    assert not flags & {"stuck", "floating_data_line", "dc_offset", "noise_floor", "samples_lost"}


def test_two_microphones_are_compared_while_they_run(tmp_path):
    """The right one loses its contact: the levels stay, and the checks name it."""

    def cut(slots):
        words = np.frombuffer(slots, dtype="<i4").reshape(-1, 2).copy()
        words[:, 1] = 0
        return words.tobytes()

    bus = Bus()
    seen = []

    def look(status):
        seen.append(status)
        if status["state"] is not None and bus.fault is None:
            assert status["checks"] == {}
            bus.fault = cut
        return "right_microphone" in status["checks"]

    assert watch(tmp_path, bus, blocks(20, channels=2), look, mode="observe", channels=2)
    assert "right slot is empty" in json.dumps(seen[-1]["checks"])
    assert seen[-1]["flags"] == 0


def test_lost_samples_are_flagged_in_the_second_that_lost_them():
    """In its last 125 ms and in its SECOND, and nowhere else; the checks count on."""
    found = frames_of(6, lost_at=3.5)
    figures = [struct.unpack_from(wire.FIGURES_HEAD, payload) for payload in of_kind(found, wire.FIGURES)]
    seconds = [json.loads(payload) for payload in of_kind(found, wire.SECOND)]

    assert [head[0] // 48000 for head in figures if head[-2] & flag.SAMPLES_LOST] in ([4], [5])
    assert 1 == sum(bool(second["flags"] & flag.SAMPLES_LOST) for second in seconds)
    assert seconds[-1]["checks"] == {"i2s": "1 overruns: samples were lost"}
    assert seconds[-1]["overruns"] == 1


def test_hello_comes_again_when_the_board_has_listened_for_a_second():
    """At the start nothing is known; then a dead microphone is named, and a good board has nothing to say."""
    for fault, words in ((None, {}), (faults.stuck(), {"microphone"})):
        hellos = [json.loads(payload) for payload in of_kind(frames_of(2, fault=fault), wire.HELLO)]
        assert {} == hellos[0]["checks"]
        assert set(words) == set(hellos[-1]["checks"])
