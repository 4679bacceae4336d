"""What VirtualBoard and standin/_board.py say to each other at each step. Pure: bytes and values.

Numbers are little-endian; `standin/_board.py` describes the layout.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RESET = 1
FAULT = 2
PROMPT = 4
EDGE = "<QHB"
EDGE_BYTES = 11


@dataclass(frozen=True, slots=True)
class PinChange:
    """`pin` became `value` (0 or 1) at `at_us`, in the time of the board it belongs to."""

    at_us: int
    pin: int
    value: int


def pack_step(now_us: int, pins: Sequence[PinChange], inputs: Mapping[str, bytes]) -> bytes:
    """Return the request of one step."""
    parts = [struct.pack("<QH", now_us, len(pins))]
    parts += [struct.pack(EDGE, change.at_us, change.pin, change.value) for change in pins]
    parts.append(bytes([len(inputs)]))
    for name, data in inputs.items():
        parts += [bytes([len(name)]), name.encode(), struct.pack("<I", len(data)), data]
    return b"".join(parts)


def unpack_step(answer: bytes) -> tuple[int, list[PinChange], dict[str, bytes]]:
    """Return flags, pin changes and outputs of the answer to a step."""
    flags, count = struct.unpack_from("<BH", answer)
    at = 3
    changes: list[PinChange] = []
    for _ in range(count):
        changes.append(PinChange(*struct.unpack_from(EDGE, answer, at)))
        at += EDGE_BYTES
    outputs: dict[str, bytes] = {}
    count = answer[at]
    at += 1
    for _ in range(count):
        stop = at + 1 + answer[at]
        name = answer[at + 1 : stop].decode()
        at = stop + 4 + int.from_bytes(answer[stop : stop + 4], "little")
        outputs[name] = answer[stop + 4 : at]
    return flags, changes, outputs
