"""What one side of the wire makes of wire_vectors.json. Runs on MicroPython and on CPython alike."""

import binascii
import json

from firmware.common import wire


def _hex(data) -> str:
    return binascii.hexlify(bytes(data)).decode()


def _found(found):
    return [
        {"kind": item.kind, "seq": item.seq, "payload": _hex(item.payload)}
        if isinstance(item, wire.Frame)
        else {"garbage": _hex(item.data)}
        for item in found
    ]


def _encode(vector) -> str:
    writer = wire.FrameWriter()
    writer.seq = vector["seq"]
    return _hex(writer.frame(vector["kind"], binascii.unhexlify(vector["payload"])))


def _read(pieces):
    reader = wire.FrameReader()
    found = []
    for piece in pieces:
        found += reader.feed(binascii.unhexlify(piece))
    return _found(found)


def run(vectors) -> bytes:
    """Return JSON: per group of `vectors` (JSON as bytes) what this side of the wire makes of each."""
    groups = json.loads(bytes(vectors))
    return json.dumps(
        {
            "frames": [_encode(vector) for vector in groups["frames"]],
            "decoded": [_read([vector["encoded"]]) for vector in groups["frames"]],
            "streams": [_read(vector["pieces"]) for vector in groups["streams"]],
            "lines": [_hex(wire.line(vector["text"])) for vector in groups["lines"]],
            "parsed": [wire.parse_line(binascii.unhexlify(vector["line"])) for vector in groups["parsed"]],
        }
    ).encode()
