"""A board as a sound level meter: figures out, records in.

Rules of this file
- The board's own clock counts: figures come with their sample, so a pause of this program loses nothing silently.
"""

import asyncio
from collections.abc import AsyncIterator

from gateway.errors import CalibrationRefused, PortLost
from gateway.link import events
from gateway.link.calibration import CalibrationRecord
from gateway.link.dialogue import ANSWER_S, Dialogue, NoAnswer

SAME_DB = 0.002  # a board with single precision rounds the third decimal


class Meter(Dialogue):
    """The board behind a port, which the caller closes. `hello` is known after `greet`."""

    async def figures(self) -> AsyncIterator[events.FiguresReceived]:
        """Yield the figures as they come; `PortLost` when the board goes silent."""
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    found = await self.next()
            except TimeoutError:
                raise PortLost(
                    f"{self.spec}: the board says nothing any more; is it still plugged in?"
                ) from None
            for event in found:
                if isinstance(event, events.FiguresReceived):
                    yield event

    async def keep(self, record: CalibrationRecord) -> None:
        """Give the board `record`; return when its HELLO shows it."""
        try:
            await self.ask(
                lambda: self.session.calibrate(record),
                lambda event: (isinstance(event, events.HelloReceived) and self._shows(record)) or None,
            )
        except NoAnswer as error:
            reason = f": it said {error.said!r}" if error.said else ""
            raise CalibrationRefused(
                f"{self.spec}: the board does not keep the record{reason}; is its firmware of this version? "
                "Put it on with flash.py and calibrate again"
            ) from None

    def _shows(self, record: CalibrationRecord) -> bool:
        shown = self.hello.calibration if record.kind == "calibration" else self.hello.calibration_check
        return (
            shown is not None
            and shown.time == record.time
            and abs(shown.offset_db - record.offset_db) < SAME_DB
            and abs(shown.deviation_db - record.deviation_db) < SAME_DB
        )
