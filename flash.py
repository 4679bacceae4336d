#!/usr/bin/env python3
"""Put the firmware and its settings on a board, and prove that it runs.

    python flash.py --list
    python flash.py --board esp32-s3-psram --port id:SERIAL --id genk-1 --set mode=evidence --set threshold_dba=82

Rules of this file
- The way to the board is mpremote's own (gateway/link/prompt.py). The proof is ours: HELLO on the wire.
- Only files whose hash differs on the board are copied; what an older firmware left in `firmware/` is removed.
- What the board's settings.json says of its site (id, mode, threshold ...) stays, unless --set or --id
  says otherwise, or --forget is given. calibration.json is never touched: it belongs to the microphone; nor is
  model.json, the city's own signature: `stalenstraat signature rollback` takes it away.
- A key (--key) is made once, and is in its file before it is on the board. No key is ever printed, nor given in a
  command line; the board keeps the one it has when none is named. HELLO then proves that the board has it.
- One line for everything that can go wrong, and an exit code of its own (`Exit`).
"""

import argparse
import enum
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import serial

from firmware.common import wire
from firmware.common.proof import KEY_BYTES, NONCE_BYTES
from gateway import board_key
from gateway.boards import (
    SITE,
    Board,
    BoardError,
    board_names,
    board_settings,
    flashed_files,
    needed_bytes,
    read_board,
)
from gateway.errors import KeyFileError, LinkError, PortLost
from gateway.link.discovery import NoSuchPort, find_port, list_ports
from gateway.link.prompt import BAUD, BoardPrompt, Found, NoPrompt, PortInUse
from gateway.link.proof import Challenges, untagged

HELLO_S = 20.0  # a USB port comes back within 5 s; making the rings of an ESP32-S3 takes as long at most
ASK_AGAIN_S = 0.5
TAIL_BYTES = 1000  # a traceback


class Exit(enum.IntEnum):
    """Exit codes."""

    DONE = 0
    USAGE = 2  # argparse's own; and settings that cannot be
    NO_PORT = 3
    IN_USE = 4
    NO_MICROPYTHON = 5
    NO_ULAB = 6
    MEMORY = 7
    NO_HELLO = 8
    LOST = 9


class FlashError(Exception):
    """Flashing ended with the exit code `code`; the text says why and what to do."""

    def __init__(self, code: Exit, text: str) -> None:
        super().__init__(text)
        self.code = code


def flash(options: argparse.Namespace) -> None:
    """Do what the command line asks; raises `FlashError`, `BoardError` or `LinkError`."""
    board = read_board(options.board)
    prompt = BoardPrompt(options.port)
    try:
        found = prompt.found
        settings = settings_for(board, found, options)
        if options.key:
            settings["key"] = bytes(KEY_BYTES).hex()  # it takes memory; the key is made when all else fits
        _check_fit(board, found, settings)
        if options.key:
            settings["key"] = _key(options.key, dry_run=options.dry_run).hex()
        files = flashed_files(board.kind, settings)
        differ = {
            path: content
            for path, content in files.items()
            if found.hashes.get(path) != hashlib.sha256(content).hexdigest()
        }
        stale = [path for path in found.hashes if path not in files]
        _report(differ, stale, dry_run=options.dry_run)
        if not options.dry_run:
            prompt.remove(stale)
            if differ:
                prompt.copy(differ)
        prompt.reset()
    finally:
        prompt.close()
    if options.dry_run:
        return
    hello = wait_for_hello(options.port, files["code.txt"].decode(), bytes.fromhex(settings["key"]))
    for name, text in hello["checks"].items():
        say(f"the board's self-check: {name}: {text}")
    say(
        f"{hello['id']} runs: code {hello['code']}, MicroPython {hello['micropython']}, "
        f"ulab {hello['ulab'] or 'none'}, {hello['mem_free']} bytes free"
    )
    if options.key:
        say(
            f"{hello['id']} proved that it has the key in {options.key}: name that file in the gateway's configuration"
        )


def settings_for(board: Board, found: Found, options: argparse.Namespace) -> dict[str, Any]:
    """Return the board's settings: its file's, its site's as they are on it, and those of the command line."""
    there = found.settings or {}
    if options.forget or there.get("kind") != board.kind:
        there = {}
    changes: dict[str, Any] = {key: there[key] for key in SITE[board.kind] if key in there}
    if any(text.startswith("microphone=") for text in options.set):
        changes.pop("full_scale_db", None)  # it was the other microphone's
    name = options.id or there.get("id") or f"{board.kind}-{found.uid[-4:]}"
    for text in options.set:
        key, equals, value = text.partition("=")
        if key == "key":
            raise BoardError("--set key: others can read a command line; write --key FILE")
        if not equals:
            raise BoardError(f"--set {text}: write KEY=VALUE")
        section, dot, inner = key.partition(".")
        if dot:
            changes.setdefault(section, {})[inner] = _value(value)
        else:
            changes[key] = _value(value)
    return board_settings(board, name, changes)


def _key(path: Path, *, dry_run: bool) -> bytes:
    """Return the key in the file at `path`, which is made when it is not there."""
    if path.exists():
        return board_key.read(path)
    return secrets.token_bytes(KEY_BYTES) if dry_run else board_key.make(path)


def wait_for_hello(spec: str, code: str, key: bytes = b"") -> dict[str, Any]:
    """Return HELLO of the board at `spec` when it runs `code` and proves `key`; `FlashError` after `HELLO_S`."""
    deadline = time.monotonic() + HELLO_S
    other: str | None = None
    tail = b""
    while time.monotonic() < deadline:
        try:
            with serial.Serial(find_port(spec), BAUD, timeout=0.05, exclusive=True) as port:
                for data, hello, proved in _listen(port, deadline, key):
                    tail = (tail + data)[-TAIL_BYTES:]
                    if hello and proved and hello["code"] == code:
                        return hello
                    other = hello["code"] if hello else other
        except (PortLost, OSError, serial.SerialException):
            time.sleep(ASK_AGAIN_S)  # a USB port goes and comes back with the reset
    if other is not None:
        said = f"runs code {other!r}, not {code!r}" if other != code else "does not prove that it has its key"
        raise FlashError(Exit.NO_HELLO, f"{spec}: the board answers, but {said}; flash it again")
    words = _last_words(tail)
    reason = f"it last said: {words}" if words else "is its link not this port?"
    raise FlashError(Exit.NO_HELLO, f"{spec}: no hello within {HELLO_S:.0f} s after the reset; {reason}")


def _listen(
    port: serial.Serial, deadline: float, key: bytes
) -> Iterator[tuple[bytes, dict[str, Any] | None, bool]]:
    """Ask for HELLO again and again; yield what comes, HELLO when it is complete, and whether it proves `key`."""
    reader = wire.FrameReader()
    challenges = Challenges(key)
    ask = 0.0
    while (now := time.monotonic()) < deadline:
        if now >= ask:
            ask = now + ASK_AGAIN_S
            if key:
                port.write(wire.line(challenges.add(secrets.token_bytes(NONCE_BYTES))))
            port.write(wire.line(f"hello {wire.VERSION}"))
        data = port.read(4096)
        frames = [item for item in reader.feed(data) if isinstance(item, wire.Frame)]
        hellos = [frame for frame in frames if untagged(frame).kind == wire.HELLO]
        if hellos:
            yield data, json.loads(untagged(hellos[-1]).payload), not key or challenges.tagged(hellos[-1])
        else:
            yield data, None, False


def _last_words(tail: bytes) -> str:
    """Return the last line of text in what a board said."""
    lines = tail.replace(b"\0", b"\n").decode("ascii", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip() and line.isprintable()), "")


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check_fit(board: Board, found: Found, settings: dict[str, Any]) -> None:
    if board.kind == "sensor" and found.ulab is None:
        raise FlashError(
            Exit.NO_ULAB,
            f"MicroPython {found.micropython} without ulab (or with one without complex numbers) is on the board; "
            f"put this image on it: {board.image}",
        )
    needed = needed_bytes(settings)
    if found.mem_free < needed:
        less = "fewer slots or mode=observe" if board.kind == "sensor" else "less ring_bytes"
        raise FlashError(
            Exit.MEMORY,
            f"not enough memory: these settings need {needed} bytes and {found.mem_free} are free; set {less}",
        )


def _report(differ: dict[str, bytes], stale: list[str], *, dry_run: bool) -> None:
    if stale or differ:
        say("this would be removed and copied:" if dry_run else "removing and copying:")
    for path in stale:
        say(f"  - {path}")
    for path, content in differ.items():
        say(f"  + {path}, {len(content)} bytes")
    if not differ:
        say("nothing to copy: every file is already there")


def show() -> None:
    """Print the kinds of boards, and the ports with a board."""
    say("kinds of boards (--board):")
    for name in board_names():
        board = read_board(name)
        say(f"  {name:22} {board.kind:7} {board.title}")
    ports = list_ports()
    say("ports (--port):" if ports else "no port with a board is seen")
    for port in ports:
        say(f"  id:{port.serial_number:19} {port.path:14} {port.description}")


def say(text: str) -> None:
    """Print a line."""
    print(text, flush=True)  # noqa: T201  the command line's own output


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="flash.py",
        description="Put the firmware and its settings on a board, and prove that it runs.",
        epilog="exit codes: "
        + ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit),
    )
    parser.add_argument("--list", action="store_true", help="show kinds of boards and ports, and stop")
    parser.add_argument("--board", metavar="NAME", help="a name in hardware/boards")
    parser.add_argument("--port", metavar="PORT", help="id:SERIAL, or a path")
    parser.add_argument(
        "--id", metavar="NAME", help="what the board is called; default: as now, else from its serial"
    )
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="a setting; may be repeated"
    )
    parser.add_argument(
        "--key",
        metavar="FILE",
        type=Path,
        help="the board proves itself with the key in FILE; made if not there",
    )
    parser.add_argument(
        "--forget", action="store_true", help="do not keep what the board's settings say of its site"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be copied")
    options = parser.parse_args(arguments)
    if options.list:
        show()
        return Exit.DONE
    if not options.board or not options.port:
        parser.error("--board and --port are needed (or --list)")
    try:
        flash(options)
    except (FlashError, BoardError, KeyFileError, LinkError) as error:
        print(f"flash.py: {error}", file=sys.stderr)  # noqa: T201  the command line's own output
        return _exit_code(error)
    return Exit.DONE


def _exit_code(error: Exception) -> Exit:
    if isinstance(error, FlashError):
        return error.code
    codes = (
        (BoardError, Exit.USAGE),
        (KeyFileError, Exit.USAGE),
        (NoSuchPort, Exit.NO_PORT),
        (PortInUse, Exit.IN_USE),
        (NoPrompt, Exit.NO_MICROPYTHON),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), Exit.LOST)


if __name__ == "__main__":
    sys.exit(main())
