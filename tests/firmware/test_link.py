"""The board's end of the link, on CPython, against a gateway that is nothing but the wire module."""

import json
import random
import struct

import pytest

from firmware.common import wire
from firmware.common.link import MAX_LOST, RESEND_MS, SILENT_MS, WINDOW, Link

BOOT = 7


class Console:
    """A serial port whose host reads at most `room` bytes a call."""

    def __init__(self, room=1_000_000):
        self.room = room
        self.out = bytearray()
        self.incoming = b""

    def read(self):
        data, self.incoming = self.incoming, b""
        return data

    def write(self, view):
        count = min(len(view), self.room)
        self.out += bytes(view[:count])
        return count


class Clip:
    """A clip whose four parts are known, of which `ready` bytes of media are there."""

    def __init__(self, number, parts, ready=None):
        self.number = number
        self.parts = parts
        self.ready = len(parts[1]) if ready is None else ready

    def total(self, part):
        if part > wire.PART_MEDIA and self.ready < len(self.parts[1]):
            return wire.TOTAL_UNKNOWN
        return len(self.parts[part])

    def available(self, part):
        if part == wire.PART_MEDIA:
            return self.ready
        return 0 if self.total(part) == wire.TOTAL_UNKNOWN else len(self.parts[part])

    def acknowledged(self, part, offset):
        pass

    def read(self, part, offset, view):
        view[:] = self.parts[part][offset : offset + len(view)]


class Gateway:
    """Collects chunks, in order or not at all, and acknowledges; the channel loses and damages both ways."""

    def __init__(self, console, random_source=None, loss=0.0):
        self.console = console
        self.random = random_source
        self.loss = loss
        self.reader = wire.FrameReader()
        self.parts = {}
        self.totals = {}
        self.frames = []

    def say(self, text):
        line = wire.line(text)
        if self.random and self.random.random() < self.loss:
            line = bytes([line[0] ^ 1]) + line[1:]
        self.console.incoming += line

    def listen(self):
        data = bytes(self.console.out)
        self.console.out = bytearray()
        if self.random and data and self.random.random() < self.loss:
            at = self.random.randrange(len(data))
            data = data[:at] + data[at + self.random.randrange(1, 50) :]
        for found in self.reader.feed(data):
            if isinstance(found, wire.Frame):
                self.frames.append(found)
                if found.kind == wire.CHUNK:
                    self._chunk(found.payload)

    def _chunk(self, payload):
        clip, part, total, offset = struct.unpack_from(wire.CHUNK_HEAD, payload)
        have = self.parts.setdefault((clip, part), bytearray())
        if offset == len(have):
            have += payload[wire.CHUNK_HEAD_BYTES :]
        if total != wire.TOTAL_UNKNOWN:
            self.totals[(clip, part)] = total
        self.say(f"ack {BOOT} {clip} {part} {len(have)}")

    def has(self, clip):
        return all(
            (clip, part) in self.totals and len(self.parts[(clip, part)]) == self.totals[(clip, part)]
            for part in range(wire.PARTS)
        )


def make_link(console):
    """Return a link of boot 7 whose clock stands at 48,000."""
    return Link(console, BOOT, lambda: 48_000, lambda: {"id": "test"})


def parts(seed, media=10_000):
    """Return four random parts."""
    source = random.Random(seed)
    return [source.randbytes(size) for size in (200, media, 1600, 90)]


def test_a_clip_arrives_byte_for_byte():
    """What the gateway collects is what the board held."""
    console = Console()
    link = make_link(console)
    gateway = Gateway(console)
    clip = Clip(1, parts(1))
    link.hold(clip)
    gateway.say("hello 1")

    for step in range(10):
        link.serve(step * 25)
        gateway.listen()

    assert clip.parts == [bytes(gateway.parts[(1, part)]) for part in range(wire.PARTS)]


def test_nothing_of_a_clip_is_sent_before_a_gateway_says_hello():
    """Without a session only figures leave the board."""
    console = Console()
    link = make_link(console)
    link.hold(Clip(1, parts(1)))

    for step in range(100):
        link.serve(step * 25)

    assert bytes(console.out) == b""


def test_a_board_stops_sending_when_the_gateway_falls_silent():
    """Ten seconds without a line end the session; only then do retransmissions stop."""
    console = Console()
    link = make_link(console)
    link.hold(Clip(1, parts(1, media=100_000)))
    console.incoming = wire.line("hello 1")
    link.serve(0)
    link.serve(RESEND_MS + 1)
    sent = len(console.out)

    link.serve(SILENT_MS + 1)

    assert sent > 0
    assert len(console.out) == sent


def test_at_most_a_window_is_in_flight():
    """A gateway that never acknowledges gets WINDOW chunks and no more within a second."""
    console = Console()
    link = make_link(console)
    gateway = Gateway(console)
    gateway.say = lambda _text: None
    link.hold(Clip(1, parts(1, media=200_000)))
    console.incoming = wire.line("hello 1")

    for step in range(30):
        link.serve(step * 25)
    gateway.listen()

    chunks = [frame for frame in gateway.frames if frame.kind == wire.CHUNK]
    assert WINDOW <= len(chunks) <= WINDOW + 2


@pytest.mark.parametrize("seed", range(20))
def test_a_clip_survives_a_line_that_loses_and_damages(seed):
    """With one in five reads and lines damaged, the clip still arrives whole."""
    source = random.Random(seed)
    console = Console(room=5000)
    link = make_link(console)
    gateway = Gateway(console, source, loss=0.2)
    clip = Clip(3, parts(seed, media=60_000), ready=0)
    link.hold(clip)

    for step in range(20_000):
        now = step * 25
        clip.ready = min(clip.ready + 3600, 60_000)
        if step % 40 == 0:
            gateway.say("hello 1" if step % 400 == 0 else "clock 1")
        link.serve(now)
        gateway.listen()
        if gateway.has(3):
            break

    assert clip.parts == [bytes(gateway.parts[(3, part)]) for part in range(wire.PARTS)]


def test_a_clip_is_forgotten_only_on_a_checked_done_of_this_boot():
    """A typed line, or one of another boot, makes the board forget nothing."""
    console = Console()
    link = make_link(console)
    link.hold(Clip(5, parts(1)))

    for line in (b"done 7 5\n", wire.line("done 6 5"), wire.line("done 7 4"), b"done 7 5 *0000\n"):
        console.incoming = line
        link.serve(0)
    held_before = link.held()
    console.incoming = wire.line("done 7 5")
    link.serve(0)

    assert [5] == held_before
    assert [] == link.held()


def test_an_acknowledgement_beyond_what_exists_is_ignored():
    """A gateway cannot acknowledge bytes the board never had."""
    console = Console()
    link = make_link(console)
    gateway = Gateway(console)
    clip = Clip(1, parts(1), ready=4096)
    link.hold(clip)
    console.incoming = wire.line("hello 1") + wire.line(f"ack {BOOT} 1 1 9999")
    link.serve(0)
    clip.ready = 10_000

    for step in range(1, 20):
        link.serve(step * 25)
        gateway.listen()

    assert clip.parts[1] == bytes(gateway.parts[(1, 1)])


def test_a_lost_clip_is_reported_until_the_gateway_says_done():
    """LOST comes once a second, with the reason, until `done`."""
    console = Console()
    link = make_link(console)
    gateway = Gateway(console)
    clip = Clip(9, parts(1))
    link.hold(clip)
    link.give_up(clip, "memory was needed")
    console.incoming = wire.line("hello 1")
    for step in range(41 * 2):
        link.serve(1000 + step * 25)
    gateway.listen()
    console.incoming = wire.line(f"done {BOOT} 9")
    link.serve(4000)
    console.out = bytearray()
    link.serve(6000)

    lost = [frame.payload for frame in gateway.frames if frame.kind == wire.LOST]
    assert [struct.pack("<I", 9) + b"memory was needed"] * 3 == lost
    assert b"" == bytes(console.out)


def test_a_gateway_that_stays_away_costs_no_memory():
    """Of clips given up only the newest are reported: the list is bounded."""
    console = Console()
    link = make_link(console)
    gateway = Gateway(console)
    for number in range(1, 1001):
        clip = Clip(number, parts(1, media=10))
        link.hold(clip)
        link.give_up(clip, "memory")
    console.incoming = wire.line("hello 1")
    link.serve(1000)
    for step in range(10):
        link.serve(1025 + step)
    gateway.listen()

    lost = [struct.unpack_from("<I", frame.payload)[0] for frame in gateway.frames if frame.kind == wire.LOST]
    assert lost == list(range(1001 - MAX_LOST, 1001))


def test_figures_are_dropped_and_counted_when_the_host_does_not_read():
    """The board neither waits nor grows."""
    console = Console(room=0)
    link = make_link(console)

    for _ in range(1000):
        link.send(wire.FIGURES, bytes(74))
        link.serve(0)

    assert link.dropped > 900


def test_a_clock_request_is_answered_with_its_token():
    """CLOCK carries the token and the board's clock."""
    console = Console()
    link = make_link(console)
    gateway = Gateway(console)
    console.incoming = b"clock 4294967295\n"
    link.serve(0)
    link.serve(25)
    gateway.listen()

    assert [struct.pack("<IQ", 4294967295, 48_000)] == [frame.payload for frame in gateway.frames]


@pytest.mark.parametrize(
    "data",
    [
        b"ack\n",
        b"ack 7 x 1 2\n",
        b"\xff\xfe\n",
        b"\n",
        b"clock\n",
        b"hello 99\n",
        b"a" * 1000,
        b"ack 7 1 99 1\n",
    ],
)
def test_a_bad_line_changes_nothing(data):
    """Whatever comes down the line, the next good line is obeyed."""
    console = Console()
    link = make_link(console)
    gateway = Gateway(console)
    console.incoming = data
    link.serve(0)
    console.incoming = b"\n" + wire.line("hello 1")
    link.serve(25)
    link.serve(50)
    gateway.listen()

    assert [{"id": "test"}] == [json.loads(frame.payload) for frame in gateway.frames]


def test_a_calibration_is_kept_only_when_its_line_is_whole():
    """Its words are handed on, the answer is a HELLO; a line without its check is not obeyed."""
    kept = []
    console = Console()
    link = Link(console, BOOT, lambda: 0, lambda: {"calibration": kept[-1:]})
    link.on_line["calibration"] = lambda words: not kept.append(" ".join(words))
    text = '{"calibrator":"of the city","offset_db":-0.5}'
    damaged = bytearray(wire.line("calibration " + text))
    damaged[20] ^= 1
    for line in (b"calibration " + text.encode() + b"\n", bytes(damaged)):
        console.incoming = line
        link.serve(0)
    nothing = (kept.copy(), bytes(console.out))
    console.incoming = wire.line("calibration " + text)
    link.serve(0)
    frames = wire.FrameReader().feed(bytes(console.out))

    assert nothing == ([], b"")
    assert kept == [text]
    assert [(frame.kind, json.loads(frame.payload)) for frame in frames] == [
        (wire.HELLO, {"calibration": [text]})
    ]
