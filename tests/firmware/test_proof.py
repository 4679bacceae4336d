"""Proofs of a board: HMAC-SHA256 as RFC 4231 has it, tags on frames, clips hashed once while they are sent.

What is said of CPython is said of the boards' interpreter too: it runs the same code with the same answers.
"""

import hashlib
import hmac
import json
import random
import struct

import pytest

from firmware.common import wire
from firmware.common.link import RESEND_MS, Link
from firmware.common.proof import HASHED, NONCE_BYTES, PROOF_MORE, Key, Prover

BOOT = 7
KEY = bytes(range(32))
KEY_TEXT = KEY.hex()
NONCE = bytes(range(100, 100 + NONCE_BYTES))

# RFC 4231, section 4: key, data, HMAC-SHA-256. Case 5 is cut to 128 bits there.
RFC_4231 = {
    "case 1": (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    "case 2": (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    "case 3": (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    "case 4": (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    "case 5": (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    "case 6": (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    "case 7": (
        b"\xaa" * 131,
        (
            b"This is a test using a larger than block-size key and a larger than block-size data. "
            b"The key needs to be hashed before being used by the HMAC algorithm."
        ),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
}

ON_BOARD = """
import struct
from firmware.common.proof import Key, Prover
def sign(data):
    size = data[0]
    return Key(bytes(data[1 : 1 + size])).sign(data[1 + size : 5 + size], data[5 + size :])
def tag(data):
    return Key(bytes(data[:32])).tag(bytes(data[32:48]), 0x82, 513, data[48:])
class Clip:
    number = 3
    parts = []
    def total(self, part):
        return len(self.parts[part])
    available = total
    def read(self, part, offset, view):
        view[:] = self.parts[part][offset : offset + len(view)]
def summary(data):
    clip = Clip()
    at = 4
    clip.parts = []
    for size in data[:4]:
        clip.parts.append(bytes(data[at : at + size]))
        at += size
    proved = Prover("00" * 32, "genk-1", 9).proved(clip)
    for part in range(3):
        view = memoryview(bytearray(proved.total(part)))
        for offset in range(0, len(view), 50):
            proved.read(part, offset, view[offset : offset + 50])
    view = memoryview(bytearray(proved.total(3)))
    proved.read(3, 0, view)
    return bytes(view)
"""


@pytest.mark.parametrize("case", RFC_4231)
def test_the_hmac_is_that_of_rfc_4231(case):
    """All seven cases, keys longer than a block among them."""
    key, data, expected = RFC_4231[case]

    assert Key(key).sign(data).hex()[: len(expected)] == expected


def test_the_boards_interpreter_makes_the_same_proofs(interpreter):
    """RFC 4231 once more there, in two pieces; a tag; a clip with its proof: byte for byte those of this side."""
    interpreter.write_files({"on_board.py": ON_BOARD.encode()})
    interpreter.exec("import on_board")
    parts = [b'{"trigger":1}', bytes(range(200)), b"trace" * 9, b'{"lafmax": 91.5}']

    for key, data, expected in RFC_4231.values():
        signed = interpreter.call("on_board.sign", bytes([len(key)]) + key + data)
        assert signed.hex()[: len(expected)] == expected
    assert interpreter.call("on_board.tag", KEY + NONCE + b"payload") == Key(KEY).tag(
        NONCE, 0x82, 513, b"payload"
    )
    said = interpreter.call("on_board.summary", bytes(map(len, parts)) + b"".join(parts))
    proof = Key(bytes(32)).of_clip(
        "genk-1", 9, 3, [len(part) for part in parts], hashlib.sha256(b"".join(parts)).digest()
    )
    assert said == b'{"lafmax": 91.5, "proof": "%s"}' % proof


def test_a_tag_is_of_one_nonce_one_kind_one_number_and_one_payload():
    """Another of any of them is another tag; it is a truncated HMAC over their bytes."""
    key = Key(KEY)
    tag = key.tag(NONCE, 0x82, 5, b"figures")

    expected = hmac.digest(KEY, b"frame" + NONCE + struct.pack("<BBH", 1, 0x82, 5) + b"figures", "sha256")
    assert tag == expected[:16]
    others = [
        key.tag(bytes(16), 0x82, 5, b"figures"),
        key.tag(NONCE, 0x83, 5, b"figures"),
        key.tag(NONCE, 0x82, 6, b"figures"),
        key.tag(NONCE, 0x82, 5, b"figure"),
        Key(bytes(32)).tag(NONCE, 0x82, 5, b"figures"),
    ]
    assert tag not in others
    assert len(set(others)) == len(others)


class Clip:
    """A clip of four known parts that counts how often each byte is read."""

    def __init__(self, number, parts):
        self.number = number
        self.parts = parts
        self.acknowledged_bytes = [0, 0, 0, 0]

    def total(self, part):
        return len(self.parts[part])

    available = total

    def acknowledged(self, part, offset):
        self.acknowledged_bytes[part] = offset

    def read(self, part, offset, view):
        assert offset >= self.acknowledged_bytes[part], "what is acknowledged may be gone"
        view[:] = self.parts[part][offset : offset + len(view)]


class Console:
    """A port whose host reads everything."""

    def __init__(self):
        self.out = bytearray()
        self.incoming = b""

    def read(self):
        data, self.incoming = self.incoming, b""
        return data

    def write(self, view):
        self.out += bytes(view)
        return len(view)

    def frames(self):
        data, self.out = bytes(self.out), bytearray()
        return [found for found in wire.FrameReader().feed(data) if isinstance(found, wire.Frame)]


def make_link(console, key=KEY_TEXT):
    """Return a link that proves itself as genk-1, in boot 7."""
    link = Link(console, BOOT, lambda: 48_000, lambda: {"id": "genk-1"})
    link.prove(key, "genk-1")
    return link


def clip_parts(seed, media=10_000):
    """Return four parts, the last one an object of JSON."""
    source = random.Random(seed)
    return [*(source.randbytes(size) for size in (200, media, 1600)), b'{"lafmax": 91.5}']


def expected_summary(number, parts):
    """Return the summary of a clip with its proof, by hashlib and hmac."""
    totals = " ".join(str(len(part)) for part in parts)
    message = f"clip genk-1 {BOOT} {number} {totals} ".encode() + hashlib.sha256(b"".join(parts)).digest()
    proof = hmac.digest(KEY, message, "sha256").hex()
    return parts[3][:-1] + f', "proof": "{proof}"}}'.encode()


def test_hello_says_which_nonce_it_answers_and_every_frame_is_tagged():
    """Nobody asked at first: zeros. Then the nonce that came; a damaged or odd one changes nothing."""
    console = Console()
    link = make_link(console)
    link.say_hello()
    console.incoming = wire.line(f"nonce {NONCE.hex()}") + wire.line("hello 1") + wire.line("clock 5")
    link.serve(0)
    console.incoming = (
        f"nonce {'00' * 16}\n".encode()
        + wire.line("nonce")
        + wire.line("nonce xyz")
        + wire.line("nonce 00")
        + wire.line("hello 1")
    )
    link.serve(25)
    link.send_json(wire.SECOND, {"n": 1})
    link.serve(50)

    frames = console.frames()
    assert [frame.kind for frame in frames] == [
        wire.TAGGED | kind for kind in (wire.HELLO, wire.HELLO, wire.CLOCK, wire.HELLO, wire.SECOND)
    ]
    said = [frame.payload[:-16] for frame in frames]
    assert [json.loads(said[at])["nonce"] for at in (0, 1, 3)] == ["00" * 16, NONCE.hex(), NONCE.hex()]
    assert [Key(KEY).tag(bytes(16), frames[0].kind, 0, said[0])] == [frames[0].payload[-16:]]
    for frame, payload in zip(frames[1:], said[1:], strict=True):
        assert frame.payload[-16:] == Key(KEY).tag(NONCE, frame.kind, frame.seq, payload)


def test_without_a_key_nothing_is_tagged_and_no_clip_has_a_proof():
    """An old gateway and a person at the prompt see what they always saw."""
    console = Console()
    link = make_link(console, key="")
    link.hold(Clip(1, clip_parts(1, media=100)))
    console.incoming = wire.line(f"nonce {NONCE.hex()}") + wire.line("hello 1")
    link.serve(0)

    frames = console.frames()
    assert json.loads(frames[0].payload) == {"id": "genk-1"}
    assert {frame.kind for frame in frames} == {wire.HELLO, wire.CHUNK}
    assert clip_parts(1)[3] == frames[-1].payload[wire.CHUNK_HEAD_BYTES :]


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_clip_ends_with_its_proof_whatever_the_line_loses(loss):
    """Chunks sent again are hashed once; what the gateway has acknowledged is never read again."""
    console = Console()
    link = make_link(console)
    clip = Clip(4, clip_parts(2, media=100_000))
    link.hold(clip)
    source = random.Random(3)
    have: dict[int, bytearray] = {part: bytearray() for part in range(wire.PARTS)}
    console.incoming = wire.line("hello 1")
    for step in range(2000):
        if step % 50 == 0:
            console.incoming += wire.line(f"clock {step}")  # the gateway is there
        link.serve(step * (RESEND_MS // 10))
        for frame in console.frames():
            if frame.kind != wire.CHUNK or source.random() < loss:
                continue
            number, part, _total, offset = struct.unpack_from(wire.CHUNK_HEAD, frame.payload)
            data = frame.payload[wire.CHUNK_HEAD_BYTES :]
            # A gateway may have any number of bytes, not only whole chunks.
            data = data[: source.randrange(1, len(data) + 1)] if data and source.random() < loss else data
            if offset == len(have[part]):
                have[part] += data
            console.incoming += wire.line(f"ack {BOOT} {number} {part} {len(have[part])}")

    assert [bytes(have[part]) for part in HASHED] == [clip.parts[part] for part in HASHED]
    assert bytes(have[wire.PART_SUMMARY]) == expected_summary(4, clip.parts)


def test_a_proved_summary_has_the_length_it_announces():
    """The gateway is told the total before the proof is made."""
    parts = clip_parts(5)
    proved = Prover(KEY.hex(), "genk-1", BOOT).proved(Clip(1, parts))

    assert proved.total(wire.PART_SUMMARY) == len(expected_summary(1, parts)) == len(parts[3]) + PROOF_MORE


def test_bytes_that_were_never_sent_are_never_proved():
    """Somebody else on the cable acknowledged for the gateway: the proof is not that of the clip."""
    parts = clip_parts(6)
    proved = Prover(KEY.hex(), "genk-1", BOOT).proved(Clip(1, parts))
    proved.read(wire.PART_EVENT, 0, memoryview(bytearray(200)))
    proved.read(wire.PART_MEDIA, 2048, memoryview(bytearray(len(parts[1]) - 2048)))
    proved.read(wire.PART_TRACE, 0, memoryview(bytearray(1600)))
    summary = bytearray(proved.total(wire.PART_SUMMARY))
    proved.read(wire.PART_SUMMARY, 0, memoryview(summary))

    assert bytes(summary) != expected_summary(1, parts)
    assert bytes(summary).startswith(b'{"lafmax": 91.5, "proof": "')
