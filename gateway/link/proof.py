"""Whether a board proves itself: the gateway's side of firmware/common/proof.py. Pure.

Rules of this file
- Proofs are compared in constant time, and over the bytes as they came, never over what was read from them.
- Nonces are made by the caller; the newest few are accepted, because a board may answer while it is asked again.
"""

import hashlib
import hmac
import re
from collections import deque
from collections.abc import Sequence
from typing import Final

from firmware.common import wire
from firmware.common.proof import NONCE_BYTES, Key

NONCES: Final = 4  # of questions that may be on their way
SUMMARY: Final = re.compile(rb'(.*), "proof": "([0-9a-f]{64})"\}', re.DOTALL)


class Challenges:
    """The newest nonces of a session, and whether frames are tagged with `key` and one of them."""

    def __init__(self, key: bytes) -> None:
        self._key = Key(key)
        self._nonces: deque[bytes] = deque(maxlen=NONCES)

    def add(self, nonce: bytes) -> str:
        """Take a nonce (16 bytes); return the line that gives it to the board."""
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
        self._nonces.append(nonce)
        return f"nonce {nonce.hex()}"

    def knows(self, nonce: str) -> bool:
        """Return whether `nonce` (hex digits) is one of the newest."""
        return any(each.hex() == nonce for each in self._nonces)

    def tagged(self, frame: wire.Frame) -> bool:
        """Return whether the board with the key said `frame`, after one of the newest nonces."""
        if not frame.kind & wire.TAGGED:
            return False
        said, tag = frame.payload[: -wire.TAG_BYTES], frame.payload[-wire.TAG_BYTES :]
        return any(
            hmac.compare_digest(self._key.tag(nonce, frame.kind, frame.seq, said), tag)
            for nonce in self._nonces
        )


def untagged(frame: wire.Frame) -> wire.Frame:
    """Return `frame` as a board without a key would have said it."""
    if not frame.kind & wire.TAGGED:
        return frame
    payload = frame.payload[: -wire.TAG_BYTES]
    return wire.Frame(frame.version, frame.kind & ~wire.TAGGED, frame.seq, payload)


def clip_proved(key: bytes, board: str, boot: int, clip: int, parts: Sequence[bytes]) -> bool:
    """Return whether the summary in `parts` (bytes of all four) proves that they are this clip of this board."""
    found = SUMMARY.fullmatch(parts[wire.PART_SUMMARY])
    if found is None:
        return False
    said = (*parts[: wire.PART_SUMMARY], found[1] + b"}")
    digest = hashlib.sha256(b"".join(said)).digest()
    proof = Key(key).of_clip(board, boot, clip, [len(part) for part in said], digest)
    return hmac.compare_digest(proof, found[2])
