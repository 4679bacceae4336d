"""One session with one board: bytes in, events out, lines out. Pure: no port, no clock, no asyncio.

Rules of this file
- `receive` takes bytes cut anywhere and never raises for what a board sent: damage becomes `LogText`,
  nonsense with a good check becomes `Malformed`, both counted.
- The state machine is `State` and `TRANSITIONS`; nothing else changes `state`.
- Clips are believed only in state OPEN, when it is known which boot speaks. A gap in the sequence numbers
  may hide a reset, so it leads to CONFIRMING: the board is asked again who it is, and until it answers its
  chunks are dropped. It sends them again from the last acknowledgement.
- A board of another wire version, or with another id than expected, is refused for good.
- With the key of the board, only what carries its proof is believed (proof.py). HELLO must answer a nonce of this
  session: with another one the board is asked again (for a while), without one or with a wrong proof it is refused.
"""

import secrets
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from firmware.common import wire
from firmware.common.proof import NONCE_BYTES
from gateway.errors import LocalProtocolError, RemoteProtocolError
from gateway.link.calibration import CalibrationRecord
from gateway.link.events import (
    BoardRefused,
    ClipLost,
    ClockReceived,
    Event,
    FramesMissed,
    HelloReceived,
    LogText,
    Malformed,
    ModelAnswered,
    SecondReceived,
)
from gateway.link.messages import Hello, ModelAnswer, Second, parse
from gateway.link.payloads import chunk, figures, printable
from gateway.link.proof import Challenges, untagged

TOKENS = 0x1_0000_0000  # a clock token is 32 bits on the wire
MAX_REASON = 200
# A board says HELLO by itself twice at a start; more in a row than of four starts is a board that never answers.
MAX_UNASKED = 8


class State(Enum):
    """Where a session stands."""

    GREETING = auto()
    OPEN = auto()
    CONFIRMING = auto()
    REFUSED = auto()


class Step(Enum):
    """What moves a session."""

    HELLO = auto()
    GAP = auto()
    REFUSAL = auto()


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.GREETING, Step.HELLO): State.OPEN,
    (State.GREETING, Step.GAP): State.GREETING,
    (State.GREETING, Step.REFUSAL): State.REFUSED,
    (State.OPEN, Step.HELLO): State.OPEN,
    (State.OPEN, Step.GAP): State.CONFIRMING,
    (State.OPEN, Step.REFUSAL): State.REFUSED,
    (State.CONFIRMING, Step.HELLO): State.OPEN,
    (State.CONFIRMING, Step.GAP): State.CONFIRMING,
    (State.CONFIRMING, Step.REFUSAL): State.REFUSED,
}


@dataclass(slots=True)
class Counters:
    """What a session has seen."""

    frames: int = 0
    garbage: int = 0
    missed: int = 0
    malformed: int = 0
    dropped_chunks: int = 0
    unproved: int = 0


def new_nonce() -> bytes:
    """Return 16 bytes that nobody has seen before."""
    return secrets.token_bytes(NONCE_BYTES)


class Session:
    """The gateway's end. `board_id` is who must be there; None accepts any board.

    `key` (32 bytes) is what that board must prove itself with; None asks for no proof. `make_nonce` gives fresh nonces.
    """

    def __init__(
        self,
        board_id: str | None = None,
        key: bytes | None = None,
        make_nonce: Callable[[], bytes] = new_nonce,
    ) -> None:
        self.state = State.GREETING
        self.hello: Hello | None = None
        self.counters = Counters()
        self._board_id = board_id
        self._challenges = None if key is None else Challenges(key)
        self._make_nonce = make_nonce
        self._unasked = 0
        self._reader = wire.FrameReader()
        self._next_seq: int | None = None
        self._token = 0
        self._lines: deque[bytes] = deque()
        self._lines.append(b"\n")  # ends whatever half line a session before this one left on the board
        self.greet()

    # -- towards the board

    def take_lines(self) -> bytes:
        """Return the lines that are to be written now, and forget them."""
        data = b"".join(self._lines)
        self._lines.clear()
        return data

    def greet(self) -> None:
        """Ask the board who it is; it sends held clips again from what was acknowledged."""
        if self._challenges is not None:
            self._lines.append(wire.line(self._challenges.add(self._make_nonce())))
        self._lines.append(wire.line(f"hello {wire.VERSION}"))

    def ask_clock(self) -> int:
        """Ask for the board's counter and return the token its answer will carry."""
        self._token = (self._token + 1) % TOKENS
        self._lines.append(wire.line(f"clock {self._token}"))
        return self._token

    def acknowledge(self, boot: int, clip: int, part: int, offset: int) -> None:
        """Say that every byte of the part below `offset` is durable. Call it after the commit, never before."""
        self._must_be_current(boot)
        self._lines.append(wire.line(f"ack {boot} {clip} {part} {offset}"))

    def done(self, boot: int, clip: int) -> None:
        """Say that the gateway has the whole clip, or has noted that it is lost."""
        self._must_be_current(boot)
        self._lines.append(wire.line(f"done {boot} {clip}"))

    def calibrate(self, record: CalibrationRecord) -> None:
        """Give the board a calibration or a check to keep; it answers HELLO, which shows what it keeps."""
        self._lines.append(wire.line(f"calibration {record.compact()}"))

    def model(self, words: str) -> None:
        """Say a line of a model on its way (docs/protocol.md, "A model"); the board answers MODEL."""
        self._lines.append(wire.line(f"model {words}"))

    def label(self, seconds: int) -> None:
        """Begin or go on with a labelled session of `seconds`, or end it with 0; the board answers HELLO."""
        self._lines.append(wire.line(f"label on {seconds}" if seconds else "label off"))

    def bye(self) -> None:
        """Say that the gateway stops."""
        self._lines.append(wire.line("bye"))

    def _must_be_current(self, boot: int) -> None:
        if self.hello is None or self.hello.boot != boot:
            raise LocalProtocolError(f"boot {boot} is not the one this session speaks with")

    # -- from the board

    def receive(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes, in order."""
        events: list[Event] = []
        for piece in self._reader.feed(data):
            if self.state is State.REFUSED:
                break
            if isinstance(piece, wire.Frame):
                self.counters.frames += 1
                self._frame(piece, events)
            else:
                self.counters.garbage += 1
                events.append(LogText(printable(piece.data)))
        return events

    def _frame(self, frame: wire.Frame, events: list[Event]) -> None:
        if frame.version != wire.VERSION:
            self._refuse(
                f"the board speaks version {frame.version} of the wire, this gateway {wire.VERSION}; "
                "put the matching firmware on it with flash.py",
                events,
            )
            return
        if self._next_seq is not None and frame.seq != self._next_seq:
            missed = (frame.seq - self._next_seq) & 0xFFFF
            self.counters.missed += missed
            events.append(FramesMissed(missed))
            self._step(Step.GAP)
            if frame.kind & ~wire.TAGGED != wire.HELLO:
                self.greet()
        self._next_seq = (frame.seq + 1) & 0xFFFF
        try:
            event = self._parse(frame)
        except (RemoteProtocolError, struct.error, ValueError) as error:
            self.counters.malformed += 1
            events.append(Malformed(f"frame of kind {frame.kind}: {error}"[:MAX_REASON]))
            return
        if event is not None:
            events.append(event)

    def _parse(self, frame: wire.Frame) -> Event | None:
        """Return what the frame says; None when it is of no use in this state."""
        said = untagged(frame)
        kind, payload = said.kind, said.payload
        if kind == wire.HELLO:
            return self._hello(parse(Hello, payload), frame)
        if self.state is not State.OPEN or self.hello is None:
            if kind == wire.CHUNK:
                self.counters.dropped_chunks += 1
            return None
        self._must_be_proved(frame)
        if kind == wire.FIGURES:
            return figures(payload)
        if kind == wire.SECOND:
            return SecondReceived(parse(Second, payload))
        if kind == wire.CLOCK:
            token, ticks = struct.unpack(wire.CLOCK_BODY, payload)
            return ClockReceived(token, ticks)
        if kind == wire.CHUNK:
            return chunk(self.hello.boot, payload)
        if kind == wire.LOST:
            (clip,) = struct.unpack_from("<I", payload)
            return ClipLost(self.hello.boot, clip, printable(payload[4:]))
        if kind == wire.MODEL:
            return ModelAnswered(parse(ModelAnswer, payload))
        raise RemoteProtocolError("no such kind of frame")

    def _must_be_proved(self, frame: wire.Frame) -> None:
        """Raise when the board should have tagged `frame` and has not; a clip is proved when it is sealed."""
        if self._challenges is None or frame.kind == wire.CHUNK or self._challenges.tagged(frame):
            return
        self.counters.unproved += 1
        raise RemoteProtocolError(f'"{self._board_id}" did not say it: look for another device on the cable')

    def _hello(self, hello: Hello, frame: wire.Frame) -> Event | None:
        if hello.v != wire.VERSION:
            return self._refusal(
                f"the board speaks version {hello.v} of the wire, this gateway {wire.VERSION}"
            )
        if self._board_id is not None and hello.id != self._board_id:
            return self._refusal(
                f'the board on this port says it is "{hello.id}", the configuration expects "{self._board_id}" '
                "here; correct the port, or give the board its own id with flash.py"
            )
        if self._challenges is not None:
            if hello.nonce is None:
                return self._refusal(
                    f'"{hello.id}" did not prove that it is that board: what is on this port has no key; '
                    "put the key on the board with flash.py --key, or look for another device on the cable",
                    unproved=True,
                )
            if not self._challenges.knows(hello.nonce):  # said by itself, or to another session
                self._unasked += 1
                if self._unasked > MAX_UNASKED:
                    return self._refusal(
                        f'"{hello.id}" did not prove that it is that board: it answers other questions than those of '
                        "this gateway, as a recording does; look for another device on the cable",
                        unproved=True,
                    )
                self._step(Step.GAP)
                return None
            if not self._challenges.tagged(frame):
                return self._refusal(
                    f'"{hello.id}" did not prove that it is that board: its key is not the one in the configuration; '
                    "put that one on the board with flash.py --key, or look for another device on the cable",
                    unproved=True,
                )
        self._unasked = 0
        rebooted = self.hello is not None and self.hello.boot != hello.boot
        self.hello = hello
        self._step(Step.HELLO)
        return HelloReceived(hello, rebooted)

    def _refuse(self, reason: str, events: list[Event]) -> None:
        events.append(self._refusal(reason))

    def _refusal(self, reason: str, *, unproved: bool = False) -> BoardRefused:
        self._step(Step.REFUSAL)
        return BoardRefused(reason, unproved)

    def _step(self, step: Step) -> None:
        self.state = TRANSITIONS[self.state, step]
