"""A board as a sound level meter: one session over its port, figures out, records in.

Rules of this file
- The board's own clock counts: figures come with their sample, so a pause of this program loses nothing silently.
- Clips that the board holds stay on it: nothing is acknowledged here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from gateway.errors import CalibrationRefused, LinkError, PortLost, RemoteProtocolError
from gateway.link import events
from gateway.link.calibration import CalibrationRecord
from gateway.link.messages import Hello
from gateway.link.port import Port
from gateway.link.session import Session

GREET_AGAIN_S = 1.0
ANSWER_S = 15.0  # a board that is recording a clip takes a record when the clip is over, after ten seconds

SAME_DB = 0.002  # a board with single precision rounds the third decimal


class Meter:
    """The board behind `port`, which the caller closes. `hello` is known after `greet`."""

    def __init__(self, port: Port, spec: str) -> None:
        self._port = port
        self._spec = spec
        self._session = Session()
        self._hello: Hello | None = None

    @property
    def hello(self) -> Hello:
        """Who the board is, as it said last."""
        if self._hello is None:
            raise LinkError(f"{self._spec}: the board has not said who it is")
        return self._hello

    async def greet(self) -> Hello:
        """Ask the board who it is until it says so."""
        try:
            async with asyncio.timeout(ANSWER_S):
                while self._hello is None:
                    self._send()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(GREET_AGAIN_S):
                            while self._hello is None:
                                await self._next()
                    self._session.greet()
        except TimeoutError:
            raise PortLost(
                f"{self._spec}: the board does not say who it is; is the firmware on it? flash.py shows it"
            ) from None
        return self.hello

    async def figures(self) -> AsyncIterator[events.FiguresReceived]:
        """Yield the figures as they come; `PortLost` when the board goes silent."""
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    found = await self._next()
            except TimeoutError:
                raise PortLost(
                    f"{self._spec}: the board says nothing any more; is it still plugged in?"
                ) from None
            for event in found:
                if isinstance(event, events.FiguresReceived):
                    yield event

    async def keep(self, record: CalibrationRecord) -> None:
        """Give the board `record`; return when its HELLO shows it."""
        said = ""
        try:
            async with asyncio.timeout(ANSWER_S):
                while True:
                    self._session.calibrate(record)
                    self._send()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(GREET_AGAIN_S):
                            while True:
                                for event in await self._next():
                                    said = event.text if isinstance(event, events.LogText) else said
                                    if isinstance(event, events.HelloReceived) and self._shows(record):
                                        return
        except TimeoutError:
            reason = f": it said {said!r}" if said else ""
            raise CalibrationRefused(
                f"{self._spec}: the board does not keep the record{reason}; is its firmware of this version? "
                "Put it on with flash.py and calibrate again"
            ) from None

    def bye(self) -> None:
        """Take leave."""
        self._session.bye()
        with suppress(PortLost):
            self._send()

    def _shows(self, record: CalibrationRecord) -> bool:
        shown = self.hello.calibration if record.kind == "calibration" else self.hello.calibration_check
        return (
            shown is not None
            and shown.time == record.time
            and abs(shown.offset_db - record.offset_db) < SAME_DB
            and abs(shown.deviation_db - record.deviation_db) < SAME_DB
        )

    def _send(self) -> None:
        self._port.write(self._session.take_lines())

    async def _next(self) -> list[events.Event]:
        """Return what the next bytes say."""
        found = self._session.receive(await self._port.read())
        for event in found:
            if isinstance(event, events.BoardRefused):
                raise RemoteProtocolError(f"{self._spec}: {event.reason}")
            if isinstance(event, events.HelloReceived):
                self._hello = event.hello
        self._send()
        return found
