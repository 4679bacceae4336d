"""The board's end of the wire: frames out, lines in, held clips until they are acknowledged.

Rules of this file
- `serve` is called once a block and returns quickly: at most `CHUNKS_PER_SERVE` chunks a call.
- Figures go before clips; what the host does not read in time is dropped and counted, never waited for.
- A clip is sent only while a gateway is heard, and forgotten only when the gateway says `done`.
- A board keeps one boot's clips; acknowledgements that name another boot are ignored.
- With a `prover` (proof.py) everything that is said carries a proof.

A held clip is any object with `number`, `total(part)` (bytes, or wire.TOTAL_UNKNOWN), `available(part)`
(bytes that can be read now), `read(part, offset, view)` (fills `view`) and `acknowledged(part, offset)` (what
is below `offset` is never read again), see sensor/recorder.py and camera/clip.py.
"""

import binascii
import json
import struct

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.console import Console
    from firmware.common.kinds import Any, Buffer, Callable, HeldClip, Json
    from firmware.common.proof import Prover

WINDOW = 16  # chunks in flight: 32 KiB, the round trip of a durable commit at 1 MB/s
CHUNKS_PER_SERVE = 8
RESEND_MS = 1000
MAX_LOST = (
    64  # lost clips to be reported: two hours of them; a gateway away for longer finds a gap in the numbers
)
SILENT_MS = 10000  # the gateway asks the clock every second; ten without a word and it is gone
TX_BYTES = 2 * wire.MAX_ENCODED + 4096  # a chunk may wait only while 4 KiB stay free for figures
HELP = (
    "lines: hello 1 | clock TOKEN | ack BOOT CLIP PART OFFSET | done BOOT CLIP | calibration JSON | model ... | "
    "label on SECONDS | label off | bye; see docs/protocol.md"
)


class _Transfer:
    """How far one clip has got: bytes sent and acknowledged of each part; -1 = nothing acknowledged yet.

    `as_sent` is the clip, or what adds its proof to it.
    """

    def __init__(self, clip: "HeldClip", as_sent: "HeldClip") -> None:
        self.clip = clip
        self.as_sent = as_sent
        self.sent = [-1] * wire.PARTS
        self.acked = [-1] * wire.PARTS

    def rewind(self) -> None:
        for part in range(wire.PARTS):
            self.sent[part] = self.acked[part]


class Link:
    """`console` has read() and write(); `ticks()` is the board's clock; `hello()` returns HELLO's dict."""

    def __init__(
        self, console: "Console", boot: int, ticks: "Callable[[], int]", hello: "Callable[[], Json]"
    ) -> None:
        self._console = console
        self._boot = boot
        self._ticks = ticks
        self._hello = hello
        self._writer = wire.FrameWriter()
        self._tx = bytearray(TX_BYTES)
        self._tx_view = memoryview(self._tx)
        self._start = 0
        self._stop = 0
        self._line = bytearray()
        self._transfers: list[_Transfer] = []
        self._lost: dict[int, str] = {}
        self._heard_ms: int | None = None
        self._progress_ms = 0
        self._lost_ms = 0
        self.dropped = 0
        self.on_done: Callable[[Any], None] | None = None  # called with the clip when the gateway has it
        # Other lines that must carry a check, by their first word: called with the other words, then HELLO is sent
        # if that returns True.
        self.on_line: dict[str, Callable[[list[str]], bool]] = {}
        self._prover: Prover | None = None

    def prove(self, key: str, board: str) -> None:
        """Prove from now on, with `key` (64 hex digits; "" for none), that this is `board`."""
        if key:
            from firmware.common.proof import Prover

            self._prover = Prover(key, board, self._boot)
            self.on_line["nonce"] = self._prover.take_nonce

    def hold(self, clip: "HeldClip") -> None:
        """Send `clip` until the gateway has it."""
        self._transfers.append(_Transfer(clip, self._prover.proved(clip) if self._prover else clip))

    def forget(self, clip: "HeldClip") -> None:
        """Send no more of `clip`."""
        self._transfers = [t for t in self._transfers if t.clip is not clip]

    def give_up(self, clip: "HeldClip", reason: str) -> None:
        """Forget `clip` and say so until the gateway knows."""
        self.forget(clip)
        self._lost[clip.number] = reason
        if len(self._lost) > MAX_LOST:
            del self._lost[min(self._lost)]

    def held(self) -> list[int]:
        """Return the numbers of the clips that wait for the gateway."""
        return [t.clip.number for t in self._transfers]

    def send(self, kind: int, payload: "Buffer") -> bool:
        """Queue a frame; False when the host reads too slowly: the frame is dropped and counted."""
        if self._prover:
            kind |= wire.TAGGED
            payload = self._prover.tagged(kind, self._writer.seq, payload)
        return self._queue(self._writer.frame(kind, payload))

    def send_json(self, kind: int, values: "Json") -> bool:
        """Queue a frame with `values` (dict) as JSON."""
        return self.send(kind, json.dumps(values).encode())

    def say_hello(self) -> None:
        """Queue HELLO: who this is, said to whom."""
        values = self._hello()
        if self._prover:
            values["nonce"] = binascii.hexlify(self._prover.nonce).decode()
        self.send_json(wire.HELLO, values)

    def serve(self, now_ms: int) -> None:
        """Read lines, send what waits. `now_ms` is a millisecond count that does not wrap."""
        data = self._console.read()
        if data:
            self._receive(data, now_ms)
        self._flush()
        if self._heard_ms is not None and now_ms - self._heard_ms > SILENT_MS:
            self._heard_ms = None
        if self._heard_ms is None:
            return
        if self._lost and now_ms - self._lost_ms >= RESEND_MS:
            self._lost_ms = now_ms
            for number in self._lost:
                self.send(wire.LOST, struct.pack("<I", number) + self._lost[number].encode())
        if self._transfers:
            self._send_chunks(now_ms)

    # -- towards the host

    def _queue(self, frame: memoryview) -> bool:
        size = len(frame)
        if self._stop + size > TX_BYTES and self._start:
            waiting = self._stop - self._start
            self._tx_view[:waiting] = bytes(self._tx_view[self._start : self._stop])
            self._start = 0
            self._stop = waiting
        if self._stop + size > TX_BYTES:
            self.dropped += 1
            # The number goes to the next frame: a gap shall mean damage on the line, nothing else.
            self._writer.seq = (self._writer.seq - 1) & 0xFFFF
            return False
        self._tx_view[self._stop : self._stop + size] = frame
        self._stop += size
        return True

    def _flush(self) -> None:
        if self._start < self._stop:
            self._start += self._console.write(self._tx_view[self._start : self._stop])
        if self._start == self._stop:
            self._start = 0
            self._stop = 0

    def _send_chunks(self, now_ms: int) -> None:
        transfer = self._transfers[0]
        if now_ms - self._progress_ms > RESEND_MS:
            transfer.rewind()
            self._progress_ms = now_ms
        for _ in range(CHUNKS_PER_SERVE):
            if self._stop - self._start > wire.MAX_ENCODED:
                return
            part, size = self._next_chunk(transfer)
            if part is None:
                return
            clip = transfer.as_sent
            offset = max(transfer.sent[part], 0)
            payload = self._writer.payload
            struct.pack_into(wire.CHUNK_HEAD, payload, 0, clip.number, part, clip.total(part), offset)
            if size:
                clip.read(part, offset, payload[wire.CHUNK_HEAD_BYTES : wire.CHUNK_HEAD_BYTES + size])
            self._queue(self._writer.finish(wire.CHUNK, wire.CHUNK_HEAD_BYTES + size))
            transfer.sent[part] = offset + size
            self._flush()

    def _next_chunk(self, transfer: _Transfer) -> tuple[int | None, int]:
        """Return (part, bytes) of the chunk to send next; (None, 0): wait for sound or acknowledgements."""
        in_flight = 0
        for part in range(wire.PARTS):
            in_flight += transfer.sent[part] - transfer.acked[part]
        if in_flight >= WINDOW * wire.CHUNK_BYTES:
            return None, 0
        clip = transfer.as_sent
        for part in range(wire.PARTS):
            total = clip.total(part)
            sent = transfer.sent[part]
            if sent == total:
                continue
            size = min(clip.available(part) - max(sent, 0), wire.CHUNK_BYTES)
            if size == wire.CHUNK_BYTES or (total != wire.TOTAL_UNKNOWN and max(sent, 0) + size == total):
                return part, size
            return None, 0
        return None, 0

    # -- from the host

    def _receive(self, data: bytes, now_ms: int) -> None:
        self._line += data
        while True:
            end = self._line.find(b"\n")
            if end < 0:
                break
            parsed = wire.parse_line(memoryview(self._line)[:end])
            self._line = bytearray(memoryview(self._line)[end + 1 :])
            if parsed and parsed[0] and parsed[0][0] in self.on_line:
                self._hand_on(parsed[0], parsed[1])
            elif parsed and parsed[0]:
                self._obey(parsed[0], parsed[1], now_ms)
        if len(self._line) > wire.MAX_LINE:
            self._line = bytearray()

    def _obey(self, words: list[str], checked: bool, now_ms: int) -> None:
        name = words[0]
        try:
            numbers = [int(word) for word in words[1:]]
        except ValueError:
            return
        if name == "hello" and numbers == [wire.VERSION]:
            self._heard_ms = now_ms
            for transfer in self._transfers:
                transfer.rewind()
            self.say_hello()
        elif name == "hello":
            print("this board speaks version %d of the wire, not %s" % (wire.VERSION, words[1:]))
        elif name == "clock" and len(numbers) == 1:
            self._heard_ms = now_ms
            self.send(wire.CLOCK, struct.pack(wire.CLOCK_BODY, numbers[0] & 0xFFFFFFFF, self._ticks()))
        elif name == "ack" and len(numbers) == 4 and checked and numbers[0] == self._boot:
            self._acknowledge(numbers[1], numbers[2], numbers[3], now_ms)
        elif name == "done" and len(numbers) == 2 and checked and numbers[0] == self._boot:
            self._done(numbers[1])
        elif name == "bye":
            self._heard_ms = None
        elif name == "help":
            print(HELP)

    def _hand_on(self, words: list[str], checked: bool) -> None:
        try:
            if checked and self.on_line[words[0]](words[1:]):
                self.say_hello()
        except MemoryError:
            print("no memory for the line %s now: say it again when no clip waits" % words[0])

    def _acknowledge(self, number: int, part: int, offset: int, now_ms: int) -> None:
        for transfer in self._transfers:
            if transfer.clip.number != number or not 0 <= part < wire.PARTS:
                continue
            if transfer.acked[part] < offset <= max(transfer.as_sent.available(part), 0):
                transfer.acked[part] = offset
                transfer.sent[part] = max(transfer.sent[part], offset)
                transfer.as_sent.acknowledged(part, offset)
                self._progress_ms = now_ms

    def _done(self, number: int) -> None:
        self._lost.pop(number, None)
        for transfer in self._transfers:
            if transfer.clip.number == number:
                self._transfers.remove(transfer)
                if self.on_done:
                    self.on_done(transfer.clip)
                return
