"""A model to a board, or away from it: over the link, with an entry in the audit log before and after.

Rules of this file
- A model goes to a board only when somebody who may has signed it; that is checked before the port is opened.
- One program at a time has the port: the gateway is stopped for this, as for a calibration.
- Every line may be said twice: what was lost on the way is asked again (docs/protocol.md, "A model").
"""

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware.common.wire import MODEL_PIECE_BYTES
from gateway.config import Config, load
from gateway.errors import PortBusy
from gateway.link import events
from gateway.link.dialogue import Dialogue, NoAnswer
from gateway.link.discovery import find_port
from gateway.link.messages import ModelAnswer, ModelName
from gateway.link.port import DEFAULT_BAUD, SerialPort
from gateway.signature.model_file import ModelFileError, check_trusted, read
from gateway.store.audit import Audit


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; `model` is None to go back to the one before. See `gateway.signature.commands`."""

    board: str
    config: Path
    who: str
    reason: str
    model: Path | None = None


def carry_and_print(options: Options) -> int:
    """Load a model or go back; print what the board decides by now. `GatewayError` when it cannot be done."""
    config = load(options.config)
    if options.model is None:
        before, after = asyncio.run(_with_board(options, config, "signature rolled back", rollback))
    else:
        model = read(options.model)
        check_trusted(model, config.signature.trusted_keys, str(options.model))
        before, after = asyncio.run(
            _with_board(
                options, config, "signature loaded", lambda board: carry(board, model.text, model.hash)
            )
        )
    print(f"before: {_title(before)}\nnow:    {_title(after)}")  # noqa: T201  the command's output
    return 0


async def carry(board: Dialogue, text: str, digest: str) -> None:
    """Give `board` the model `text` with the hash `digest`; return when it decides by it. `ModelFileError` if not."""
    data = text.encode()
    begin = f"begin {len(data)} {hashlib.sha256(data).hexdigest()}"
    answer = await _ask(board, begin)
    while answer.have < len(data):
        here = answer.have
        piece = base64.b64encode(data[here : here + MODEL_PIECE_BYTES]).decode()
        answer = await _ask(
            board,
            f"piece {here} {piece}",
            lambda answer, here=here: (answer.have, answer.size) != (here, len(data)),
        )
        if answer.size != len(data):
            answer = await _ask(board, begin)  # the board has restarted meanwhile
    await _ask(board, "keep", lambda answer: answer.hash == digest)


async def rollback(board: Dialogue) -> None:
    """Make `board` decide by the model before the one it has; return when it does. `ModelFileError` if it does not."""
    named = board.hello.model
    digest = "" if named is None else named.hash
    await _ask(board, f"rollback {digest}", lambda answer: answer.state == "kept" or answer.hash != digest)


@asynccontextmanager
async def opened(
    spec: str, config: Config, config_path: Path, purpose: str, baud: int = DEFAULT_BAUD
) -> AsyncGenerator[Dialogue]:
    """Speak with the sensor on the port `spec`, which must be one of `config`; take leave and close it afterwards."""
    path = find_port(spec)
    try:
        port = SerialPort(path, baud)
    except PortBusy:
        raise PortBusy(
            f"{path}: in use by another program; if that is the running gateway, stop it, {purpose}, and start it again"
        ) from None
    try:
        board = Dialogue(port, spec)
        hello = await board.greet()
        if hello.id not in [sensor.id for sensor in config.sensors]:
            raise ModelFileError(
                f'the board on {spec} is "{hello.id}", which is no sensor of {config_path}; correct --board or --config'
            )
        yield board
        board.bye()
    finally:
        port.close()


async def _with_board(
    options: Options, config: Config, what: str, action: Callable[[Dialogue], Awaitable[None]]
) -> tuple[ModelName | None, ModelName | None]:
    """Do `action` with the board; return the models it decided by before and afterwards."""
    audit = Audit(config.store.path)
    async with opened(options.board, config, options.config, "load the model") as board:
        before = board.hello.model
        about = {"board": board.hello.id, "before": None if before is None else before.hash}

        def note(entry: str, **more: object) -> None:
            audit.note(
                entry, who=options.who, reason=options.reason, now_ns=time.time_ns(), about={**about, **more}
            )

        note(f"{what}: begun")
        try:
            await action(board)
            after = (await board.greet()).model
        except Exception as error:
            note(f"{what}: not known to be done", why=str(error))
            raise
        note(what, after=None if after is None else after.hash)
    return before, after


async def _ask(
    board: Dialogue, line: str, done: Callable[[ModelAnswer], bool] = lambda _: True
) -> ModelAnswer:
    """Say `line` until an answer is `done`; `ModelFileError` when the board refuses, or does not answer."""
    last = ""

    def answer(event: events.Event) -> ModelAnswer | None:
        nonlocal last
        if not isinstance(event, events.ModelAnswered):
            return None
        last = event.answer.why
        if done(event.answer) or event.answer.state == "refused":
            return event.answer
        return None

    try:
        found = await board.ask(lambda: board.session.model(line), answer)
    except NoAnswer as error:
        why = last or error.said or "is its firmware of this version? Put it on with flash.py"
        raise ModelFileError(f"{board.spec}: the board did not do it: {why}") from None
    if found.state == "refused":
        raise ModelFileError(f"{board.spec}: the board refuses: {found.why}")
    return found


def _title(model: ModelName | None) -> str:
    return "not known" if model is None else f"{model.name} {model.version} ({model.hash})"
