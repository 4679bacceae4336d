"""The wire format between a board and the gateway. Pure: no I/O, no clock, no settings.

Rules of this file
- It runs on MicroPython (board) and on CPython (gateway); both are tested with the same vectors.
- Board -> gateway: frames. COBS( version kind seq payload crc32 ), a 0x00 before and after each.
  Whatever lies between two 0x00 and is not a valid frame is log text of the board, or damage.
- Gateway -> board: ASCII lines. A line that makes the board forget something carries a check.
- Corrupt input never raises out of a decoder; it is counted and handed on as `Garbage`.

`docs/protocol.md` says what each frame means and why each number is what it is.
"""

import binascii
import struct

try:
    from micropython import const  # pyright: ignore[reportAssignmentType]
except ImportError:  # CPython

    def const(value: int) -> int:
        """Return `value`; MicroPython's compiler folds it."""
        return value


VERSION = const(1)

# Kinds of frame.
HELLO = const(1)
FIGURES = const(2)
SECOND = const(3)
CLOCK = const(4)
CHUNK = const(5)
LOST = const(6)
MODEL = const(7)
# In the kind of a frame whose payload ends with a tag (proof.py).
TAGGED = const(0x80)
TAG_BYTES = const(16)

# Parts of a clip (see docs/protocol.md): every part is a byte string with a known total.
PART_EVENT = const(0)
PART_MEDIA = const(1)
PART_TRACE = const(2)
PART_SUMMARY = const(3)
PARTS = const(4)
TOTAL_UNKNOWN = const(0xFFFFFFFF)

# 2 KiB of media a frame: 1 % overhead, and a lost frame costs 2 KiB; the board needs two such buffers.
CHUNK_BYTES = const(2048)
HEADER = "<BBH"
HEADER_BYTES = const(4)
CRC_BYTES = const(4)
CHUNK_HEAD = "<IBII"  # clip, part, total, offset
CHUNK_HEAD_BYTES = const(13)
MAX_PAYLOAD = const(CHUNK_HEAD_BYTES + CHUNK_BYTES)
MAX_RAW = const(HEADER_BYTES + MAX_PAYLOAD + CRC_BYTES)
MAX_ENCODED = const(MAX_RAW + MAX_RAW // 254 + 1)
# Log text without a 0x00 is cut into pieces of this size, so that a babbling port costs no memory.
MAX_PENDING = const(2 * MAX_ENCODED)
# A calibration record with the calibrator's name; a piece of a model; every other line is under 100.
MAX_LINE = const(480)
MODEL_PIECE_BYTES = const(320)  # 428 characters as base64

# sample, LAF, LAFmax, LAeq, LASmax, LCeq, LZeq, LCpeak (0.01 dB), flags (flags.py), number of bands
FIGURES_HEAD = "<QhhhhhhhHB"
FIGURES_HEAD_BYTES = const(25)
# sample, LAF, LAFmax, LAeq, LCpeak (0.01 dB), score (1/255), number of bands, firing frequency (0.1 Hz)
TRACE_HEAD = "<QhhhhBBH"
TRACE_HEAD_BYTES = const(20)
# After the bands, with two microphones: bearing (0.1 degrees), height of its peak (1/255), and both of the next peak
TRACE_BEARING = "<hBhB"
TRACE_BEARING_BYTES = const(6)
CLOCK_BODY = "<IQ"  # token, ticks


def level(db: float) -> int:
    """Return `db` as the 16 bits of a level: 0.01 dB, rounded; what does not fit becomes the nearest that does."""
    return max(-32767, min(32767, round(db * 100)))


def cobs_encode(source: bytearray, size: int, target: bytearray, at: int) -> int:
    """Encode `source[:size]` (bytearray) into `target` (bytearray) from `at`; return the end.

    Consistent Overhead Byte Stuffing, Cheshire & Baker 1999. The loop runs once per zero byte or
    per 254 bytes, never per byte.
    """
    view = memoryview(source)
    start = 0
    while True:
        zero = source.find(b"\x00", start, size)
        stop = size if zero < 0 else zero
        while stop - start >= 254:
            target[at] = 255
            target[at + 1 : at + 255] = view[start : start + 254]
            at += 255
            start += 254
            if start == size:
                return at
        run = stop - start
        target[at] = run + 1
        target[at + 1 : at + 1 + run] = view[start:stop]
        at += 1 + run
        if zero < 0:
            return at
        start = stop + 1


def cobs_decode(data: bytes | bytearray | memoryview) -> bytearray | None:
    """Return the bytes that `data` (bytes without 0x00) encodes, or None when it encodes nothing."""
    out = bytearray()
    at = 0
    size = len(data)
    while at < size:
        code = data[at]
        stop = at + code
        if code == 0 or stop > size:
            return None
        out += data[at + 1 : stop]
        at = stop
        if code != 255 and at < size:
            out.append(0)
    return out


class FrameWriter:
    """Makes frames in two buffers that are allocated once.

    Write the payload (at most `MAX_PAYLOAD` bytes) into `payload`, then call `finish`.
    """

    def __init__(self) -> None:
        self._raw = bytearray(MAX_RAW)
        self._encoded = bytearray(MAX_ENCODED + 2)
        self._raw_view = memoryview(self._raw)
        self._encoded_view = memoryview(self._encoded)
        self.payload = self._raw_view[HEADER_BYTES : HEADER_BYTES + MAX_PAYLOAD]
        self.seq = 0

    def finish(self, kind: int, size: int) -> memoryview:
        """Return the encoded frame with `size` bytes of payload as a view, valid until the next call."""
        struct.pack_into(HEADER, self._raw, 0, VERSION, kind, self.seq)
        self.seq = (self.seq + 1) & 0xFFFF
        end = HEADER_BYTES + size
        struct.pack_into("<I", self._raw, end, binascii.crc32(self._raw_view[:end]))
        self._encoded[0] = 0
        stop = cobs_encode(self._raw, end + CRC_BYTES, self._encoded, 1)
        self._encoded[stop] = 0
        return self._encoded_view[: stop + 1]

    def frame(self, kind: int, payload: bytes | bytearray | memoryview) -> memoryview:
        """Return a memoryview of the frame that carries `payload` (bytes); valid until the next call."""
        size = len(payload)
        if size > MAX_PAYLOAD:
            raise ValueError("payload of %d bytes is over %d" % (size, MAX_PAYLOAD))
        self.payload[:size] = payload
        return self.finish(kind, size)


class Frame:
    """A frame that passed its check: `kind`, `seq` (0..65535, counts the frames of a boot), `payload`."""

    def __init__(self, version: int, kind: int, seq: int, payload: bytes) -> None:
        self.version = version
        self.kind = kind
        self.seq = seq
        self.payload = payload


class Garbage:
    """Bytes between two 0x00 that are no frame: log text of the board, or a damaged frame."""

    def __init__(self, data: bytes) -> None:
        self.data = data


def parse_frame(data: bytes) -> Frame | None:
    """Return the `Frame` in `data` (bytes between two 0x00), or None when the check fails."""
    if len(data) > MAX_ENCODED:
        return None
    raw = cobs_decode(data)
    if raw is None or len(raw) < HEADER_BYTES + CRC_BYTES:
        return None
    end = len(raw) - CRC_BYTES
    if struct.unpack_from("<I", raw, end)[0] != binascii.crc32(memoryview(raw)[:end]):
        return None
    version, kind, seq = struct.unpack_from(HEADER, raw, 0)
    return Frame(version, kind, seq, bytes(memoryview(raw)[HEADER_BYTES:end]))


class FrameReader:
    """Turns a stream of bytes, cut anywhere, into `Frame` and `Garbage`."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes | bytearray | memoryview) -> list[Frame | Garbage]:
        """Return the list of `Frame` and `Garbage` that `data` completes, in order."""
        found: list[Frame | Garbage] = []
        pending = self._pending
        pending += data
        start = 0
        while True:
            zero = pending.find(b"\x00", start)
            if zero < 0:
                break
            if zero > start:
                piece = bytes(memoryview(pending)[start:zero])
                found.append(parse_frame(piece) or Garbage(piece))
            start = zero + 1
        rest = bytearray(memoryview(pending)[start:])
        while len(rest) > MAX_PENDING:
            found.append(Garbage(bytes(memoryview(rest)[:MAX_PENDING])))
            rest = bytearray(memoryview(rest)[MAX_PENDING:])
        self._pending = rest
        return found


def line(text: str, *, checked: bool = True) -> bytes:
    """Return `text` (ASCII, no line end) as a line for the board, with its check when `checked`."""
    body = text.encode()
    if checked:
        body += b" *%04x" % (binascii.crc32(body) & 0xFFFF)
    if len(body) > MAX_LINE:
        raise ValueError("line of %d bytes is over %d" % (len(body), MAX_LINE))
    return body + b"\n"


def parse_line(data: bytes | bytearray | memoryview) -> tuple[list[str], bool] | None:
    """Return (words, checked) of a line (bytes, without its line end), or None when it is damaged.

    `checked` is False for a line without a check, as a person types it.
    """
    try:
        text = bytes(data).decode().strip()
    except UnicodeError:
        return None
    checked = False
    at = text.rfind(" *")
    if at >= 0:
        if text[at + 2 :] != "%04x" % (binascii.crc32(text[:at].encode()) & 0xFFFF):
            return None
        text = text[:at]
        checked = True
    return text.split(), checked
