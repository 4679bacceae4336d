"""Words of the I2S bus: scale, sign, slots; and how the bus is opened."""

import json

import pytest

MACHINE = b"""
opened = {}
class Pin:
    def __init__(self, number):
        self.number = number
class I2S:
    RX, MONO, STEREO = 2, 0, 1
    def __init__(self, id, **options):
        opened.clear()
        opened.update(options)
        opened["id"] = id
        for name in ("sck", "ws", "sd"):
            opened[name] = opened[name].number
    def readinto(self, raw):
        raw[0] = 7
        return len(raw)
    def deinit(self):
        opened["closed"] = True
"""
OPEN = """
import json, machine
from firmware.sensor.microphone import Microphone
class S: pass
s = S()
s.pins = {"i2s_id": 1, "sck": 5, "ws": 6, "sd": 7}
s.rate, s.channels, s.ibuf_bytes = 48000, %d, 40000
raw = bytearray(16)
m = Microphone(s)
count = m.read(raw)
m.close()
print(json.dumps([machine.opened, count, raw[0]]))
"""
UNPACK = """
from array import array
from ulab import numpy as np
from firmware.sensor.microphone import channel, unpack
def samples(values, channels, index):
    words = np.zeros(len(values))
    unpack(bytearray(array("i", values)), words)
    return channel(words, index, channels).tolist()
"""


def test_the_bus_is_opened_as_the_settings_say(interpreter):
    """Pins, rate and buffer; 32-bit words; one slot for one microphone and both for two."""
    interpreter.write_files({"machine.py": MACHINE})
    opened, count, first = json.loads(interpreter.exec(OPEN % 2))
    assert {
        "id": 1, "sck": 5, "ws": 6, "sd": 7, "mode": 2, "bits": 32, "format": 1, "rate": 48000, "ibuf": 40000,
        "closed": True,
    } == opened  # fmt: skip
    assert (16, 7) == (count, first)
    assert json.loads(interpreter.exec(OPEN % 1))[0]["format"] == 0


def test_words_become_samples_between_minus_one_and_one(interpreter):
    """Full scale, zero, one step of 24 bits, and the sign."""
    words = "[-2147483648, 0, 256, -256, 2147483392]"
    printed = interpreter.exec(f"{UNPACK}\nprint(samples({words}, 1, 0))")
    # Single precision prints seven digits.
    assert json.loads(printed) == pytest.approx([-1.0, 0.0, 2**-23, -(2**-23), 1 - 2**-23], rel=1e-5)


def test_left_and_right_are_told_apart(interpreter):
    """With two microphones the words alternate, left first."""
    words = "[1073741824, -1073741824, 536870912, -536870912]"
    printed = interpreter.exec(f"{UNPACK}\nprint([samples({words}, 2, 0), samples({words}, 2, 1)])")
    assert [[0.5, 0.25], [-0.5, -0.25]] == json.loads(printed)
