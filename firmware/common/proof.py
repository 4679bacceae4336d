"""How a board proves what it says: HMAC-SHA256 (RFC 2104) with a key that only it and its gateway have.

Rules of this file
- Loaded by boards that have a key (`flash.py --key`) and by the gateway; docs/protocol.md says over what each proof is.
- Every frame but CHUNK ends with a tag over the gateway's newest nonce, the frame's header and its payload: what was
  recorded in an earlier session, or of another frame, proves nothing in this one.
- A clip is proved as a whole, at its end: over whose it is, its lengths and the SHA-256 of its bytes. Each byte is
  hashed once, when it is sent for the first time; nothing is kept but the state of the hash.
"""

import binascii
import hashlib
import struct

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Buffer, HeldClip

KEY_BYTES = 32
NONCE_BYTES = 16
HASH_BLOCK = 64
# What stands before and after the 64 hex digits of a proof, instead of a summary's last brace.
PROOF = (b', "proof": "', b'"}')
PROOF_MORE = 77  # bytes that a summary grows by
HASHED = (wire.PART_EVENT, wire.PART_MEDIA, wire.PART_TRACE)  # as they are sent; then the summary


class Key:
    """Makes the HMAC-SHA256 of messages with `key` (bytes)."""

    def __init__(self, key: bytes) -> None:
        if len(key) > HASH_BLOCK:
            key = hashlib.sha256(key).digest()
        key += bytes(HASH_BLOCK - len(key))
        self._inner = bytes([byte ^ 0x36 for byte in key])
        self._outer = bytes([byte ^ 0x5C for byte in key])

    def sign(self, *pieces: "Buffer") -> bytes:
        """Return the HMAC (32 bytes) of `pieces`, one after the other."""
        inner = hashlib.sha256(self._inner)
        for piece in pieces:
            inner.update(piece)
        outer = hashlib.sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()

    def tag(self, nonce: bytes, kind: int, seq: int, payload: "Buffer") -> bytes:
        """Return the tag (16 bytes) of a frame of `kind`, wire.TAGGED in it, after `nonce` (16 bytes)."""
        head = struct.pack(wire.HEADER, wire.VERSION, kind, seq)
        return self.sign(b"frame", nonce, head, payload)[: wire.TAG_BYTES]

    def of_clip(self, board: str, boot: int, clip: int, totals: list[int], digest: bytes) -> bytes:
        """Return the proof (64 hex digits) of clip `clip`: `totals` bytes in its parts, `digest` the SHA-256 of all."""
        head = "clip %s %d %d %s " % (board, boot, clip, " ".join([str(total) for total in totals]))
        return binascii.hexlify(self.sign(head.encode(), digest))


class Prover:
    """The board's side: the `key` (64 hex digits) of the board called `board`, which runs as `boot`."""

    def __init__(self, key: str, board: str, boot: int) -> None:
        self.key = Key(binascii.unhexlify(key))
        self.board = board
        self.boot = boot
        self.nonce = bytes(NONCE_BYTES)  # nobody has asked yet

    def take_nonce(self, words: list[str]) -> bool:
        """Obey the line `nonce HEX`: what is said from now on is said to whoever made that nonce."""
        try:
            nonce = binascii.unhexlify(words[0])
        except (IndexError, ValueError):
            return False
        if len(nonce) == NONCE_BYTES:
            self.nonce = nonce
        return False

    def tagged(self, kind: int, seq: int, payload: "Buffer") -> bytes:
        """Return `payload` with its tag."""
        return bytes(payload) + self.key.tag(self.nonce, kind, seq, payload)

    def proved(self, clip: "HeldClip") -> "ProvedClip":
        """Return `clip` as it is sent: with its proof."""
        return ProvedClip(clip, self)


class ProvedClip:
    """`clip`, whose summary ends with a proof. The link reads parts and bytes in order, some of them again."""

    def __init__(self, clip: "HeldClip", prover: Prover) -> None:
        self.number = clip.number
        self._clip = clip
        self._prover = prover
        self._hash = hashlib.sha256()
        self._hashed = 0
        self._summary = b""

    def total(self, part: int) -> int:
        """Return the bytes of `part`, or wire.TOTAL_UNKNOWN."""
        total = self._clip.total(part)
        return total + PROOF_MORE if part == wire.PART_SUMMARY and total != wire.TOTAL_UNKNOWN else total

    def available(self, part: int) -> int:
        """Return how many bytes of `part` can be read now."""
        if part != wire.PART_SUMMARY:
            return self._clip.available(part)
        total = self.total(part)
        return 0 if total == wire.TOTAL_UNKNOWN else total

    def acknowledged(self, part: int, offset: int) -> None:
        """Hand on what the gateway has."""
        self._clip.acknowledged(part, offset)

    def read(self, part: int, offset: int, view: memoryview) -> None:
        """Fill `view` (memoryview) with the bytes of `part` from `offset`."""
        if part == wire.PART_SUMMARY:
            self._summary = self._summary or self._close()
            view[: len(view)] = self._summary[offset : offset + len(view)]
            return
        self._clip.read(part, offset, view)
        start = offset
        for lower in HASHED[:part]:
            start += self._clip.total(lower)
        if start <= self._hashed < start + len(view):
            self._hash.update(view[self._hashed - start :])
            self._hashed = start + len(view)

    def _close(self) -> bytes:
        totals = [self._clip.total(part) for part in range(wire.PARTS)]
        summary = bytearray(totals[wire.PART_SUMMARY])
        self._clip.read(wire.PART_SUMMARY, 0, memoryview(summary))
        self._hash.update(summary)
        proof = self._prover.key.of_clip(
            self._prover.board, self._prover.boot, self.number, totals, self._hash.digest()
        )
        return bytes(summary[:-1]) + PROOF[0] + proof + PROOF[1]
