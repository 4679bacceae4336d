"""A command that speaks with one board: it asks until it is answered. One session over a port that the caller closes.

Rules of this file
- A question is asked again every second until it is answered: every line to a board may be said twice.
- Clips that the board holds stay on it: nothing is acknowledged here.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from gateway.errors import LinkError, PortLost, RemoteProtocolError
from gateway.link import events
from gateway.link.messages import Hello
from gateway.link.port import Port
from gateway.link.session import Session

AGAIN_S = 1.0
ANSWER_S = (
    15.0  # a board that is recording a clip takes what it is given when the clip is over, after ten seconds
)

T = TypeVar("T")


class NoAnswer(LinkError):
    """The board did not answer a question in time; `said` is the last line of text that came meanwhile, or ""."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class Dialogue:
    """The board behind `port`; `spec` is how the user calls the port. `hello` is known after `greet`."""

    def __init__(self, port: Port, spec: str) -> None:
        self._port = port
        self.spec = spec
        self.session = Session()
        self._hello: Hello | None = None

    @property
    def hello(self) -> Hello:
        """Who the board is, as it said last."""
        if self._hello is None:
            raise LinkError(f"{self.spec}: the board has not said who it is")
        return self._hello

    async def greet(self) -> Hello:
        """Ask the board who it is until it says so."""
        try:
            return await self.ask(
                self.session.greet,
                lambda event: event.hello if isinstance(event, events.HelloReceived) else None,
            )
        except NoAnswer:
            raise PortLost(
                f"{self.spec}: the board does not say who it is; is the firmware on it? flash.py shows it"
            ) from None

    async def ask(self, question: Callable[[], None], answer: Callable[[events.Event], T | None]) -> T:
        """Put `question` again and again until `answer` returns something for an event; `NoAnswer` in the end."""
        said = ""
        try:
            async with asyncio.timeout(ANSWER_S):
                while True:
                    question()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(AGAIN_S):
                            while True:
                                for event in await self.next():
                                    said = event.text if isinstance(event, events.LogText) else said
                                    found = answer(event)
                                    if found is not None:
                                        return found
        except TimeoutError:
            raise NoAnswer(said) from None

    async def next(self) -> list[events.Event]:
        """Say what waits to be said; return what the next bytes of the board say."""
        self.flush()
        found = self.session.receive(await self._port.read())
        for event in found:
            if isinstance(event, events.BoardRefused):
                raise RemoteProtocolError(f"{self.spec}: {event.reason}")
            if isinstance(event, events.HelloReceived):
                self._hello = event.hello
        self.flush()
        return found

    def flush(self) -> None:
        """Say what waits to be said."""
        self._port.write(self.session.take_lines())

    def bye(self) -> None:
        """Take leave."""
        self.session.bye()
        with suppress(PortLost):
            self.flush()
