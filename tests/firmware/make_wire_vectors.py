"""Write `wire_vectors.json`: frames and lines as they must be, made without firmware/common/wire.py.

The frames come from `struct`, `zlib` and the cobs package; run it again only when the protocol changes:
    python tests/firmware/make_wire_vectors.py
"""

import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

from cobs import cobs

VECTORS = Path(__file__).with_name("wire_vectors.json")
HELLO, FIGURES, CLOCK, CHUNK, LOST = 1, 2, 4, 5, 6


def encoded(kind: int, seq: int, payload: bytes) -> bytes:
    """Return the frame on the wire, with its two delimiters."""
    body = struct.pack("<BBH", 1, kind, seq) + payload
    return b"\0" + cobs.encode(body + struct.pack("<I", zlib.crc32(body))) + b"\0"


def line(text: str) -> bytes:
    """Return a checked line with its end."""
    return b"%s *%04x\n" % (text.encode(), zlib.crc32(text.encode()) & 0xFFFF)


def frames() -> list[tuple[str, int, int, bytes]]:
    """Return (name, kind, seq, payload) of frames that try every turn of the encoder."""
    levels = (6120, 6300, -50, 6210, 6540, 6600, 7410)
    figures = struct.pack("<QhhhhhhhHB", 48_000_000, *levels, 0x8001, 29)
    figures += struct.pack("<29h", *range(-1400, 1500, 100))
    return [
        ("empty payload", HELLO, 0, b""),
        ("text", HELLO, 1, b'{"v":1,"kind":"sensor"}'),
        ("figures", FIGURES, 2, figures),
        ("clock", CLOCK, 3, struct.pack("<IQ", 0xFFFFFFFF, 1 << 40)),
        ("last sequence number", LOST, 0xFFFF, struct.pack("<I", 7) + b"memory"),
        ("zeros only", CHUNK, 256, bytes(600)),
        ("no zero in 253 bytes", CHUNK, 0x0101, b"\x01" * 253),
        ("no zero in 254 bytes", CHUNK, 0x0101, b"\x02" * 254),
        ("no zero in 255 bytes", CHUNK, 0x0101, b"\x03" * 255),
        ("run of 254 up to a zero", CHUNK, 0x0101, b"\xff" * 250 + b"\0" + b"\xff" * 10),
        (
            "largest chunk",
            CHUNK,
            9,
            struct.pack("<IBII", 1, 1, 1_440_000, 0) + bytes(i % 256 for i in range(2048)),
        ),
        ("largest without zeros", CHUNK, 0x0101, b"\xa5" * 2061),
    ]


def streams() -> list[tuple[str, list[bytes], list[dict[str, Any]]]]:
    """Return (name, pieces as they arrive, what must be found)."""
    first = encoded(HELLO, 5, b"one")
    second = encoded(CLOCK, 6, struct.pack("<IQ", 1, 2))
    good = [
        {"kind": HELLO, "seq": 5, "payload": b"one".hex()},
        {"kind": CLOCK, "seq": 6, "payload": struct.pack("<IQ", 1, 2).hex()},
    ]
    text = b"MPY: soft reboot\r\n"
    broken = bytearray(first)
    broken[4] ^= 0x10
    return [
        ("two frames at once", [first + second], good),
        ("two frames cut in the middle", [first[:4], first[4:] + second[:1], second[1:]], good),
        ("log text before and between", [text + first + text + second], [
            {"garbage": text.hex()}, good[0], {"garbage": text.hex()}, good[1],
        ]),
        ("a frame whose end was lost", [first[:-3], first + second], [{"garbage": first[1:-3].hex()}, *good]),
        ("a damaged frame", [bytes(broken) + second], [{"garbage": bytes(broken[1:-1]).hex()}, good[1]]),
        ("delimiters only", [b"\0\0\0", b"\0"], []),
    ]  # fmt: skip


LINES = ["hello 1", "clock 4294967295", "ack 12 3 1 2048", "done 12 3", "bye"]


def parsed() -> list[tuple[str, bytes, list[str] | None, bool]]:
    """Return (name, line without its end, words or None when refused, checked)."""
    ack = line("ack 12 3 1 2048")[:-1]
    return [
        ("checked", ack, ["ack", "12", "3", "1", "2048"], True),
        ("with a carriage return", ack + b"\r", ["ack", "12", "3", "1", "2048"], True),
        ("typed by a person", b"  hello 1 ", ["hello", "1"], False),
        ("empty", b"", [], False),
        ("one digit wrong", ack.replace(b"2048", b"2049"), None, False),
        ("check cut off", ack[:-1], None, False),
        ("check in capitals", b"done 12 3 *" + line("done 12 3")[-5:-1].upper(), None, False),
        ("no text at all", b"\xff\xfe", None, False),
    ]


def main() -> None:
    """Write the file."""
    vectors = {
        "frames": [
            {
                "name": name,
                "kind": kind,
                "seq": seq,
                "payload": payload.hex(),
                "encoded": encoded(kind, seq, payload).hex(),
            }
            for name, kind, seq, payload in frames()
        ],
        "streams": [
            {"name": name, "pieces": [piece.hex() for piece in pieces], "found": found}
            for name, pieces, found in streams()
        ],
        "lines": [{"text": text, "line": line(text).hex()} for text in LINES],
        "parsed": [
            {"name": name, "line": data.hex(), "words": words, "checked": checked}
            for name, data, words, checked in parsed()
        ],
    }
    VECTORS.write_text(json.dumps(vectors, indent=1) + "\n")
    sys.stdout.write(f"{VECTORS.name}: {VECTORS.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
