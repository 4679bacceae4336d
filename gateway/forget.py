"""`stalenstraat forget`: deletes a clip from the store of a cabinet, by order of somebody and for a reason.

Rules of this file
- Who orders it and why are in the audit log before anything is deleted.
- A running gateway has the store and deletes it itself, within seconds; without one this program does.
- Deleted is said only when it was shown that nothing is left (store/deletions.py).
"""

import getpass
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from gateway.config import Config, load
from gateway.errors import StoreError, StoreInUse
from gateway.service.beginning import must_be_mounted
from gateway.service.forgetting import NOTHING, carry_out
from gateway.store import orders
from gateway.store.audit import LONGEST, Audit
from gateway.store.deletions import PROVED
from gateway.store.orders import Order
from gateway.store.store import FILE_NAME, Store

ORDERED: Final = "deletion ordered"
WAIT_S: Final = 30.0  # for a running gateway, which looks every two seconds
LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; see `gateway.cli.forget`."""

    config: Path
    event: str
    reason: str
    who: str = ""


def forget_and_print(options: Options) -> int:
    """Delete the clip and print what became of it; return 0 when nothing of it is left. `StoreError` says why not."""
    config = load(options.config)
    try:
        order = Order(event=options.event, who=options.who or getpass.getuser(), reason=options.reason)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        cure = (
            "as lists show it: genk-1-12-3"
            if key == "event"
            else f"1 to {LONGEST} characters; the audit log keeps it"
        )
        raise StoreError(f"--{key}: write {cure}") from None
    must_be_mounted(config)
    if not (config.store.path / FILE_NAME).exists():
        raise StoreError(f"{config.store.path}: there is no store; is its disk mounted, and the path right?")
    audit = Audit(config.store.path)
    about = {"event": order.event}
    audit.note(ORDERED, who=order.who, reason=order.reason, now_ns=time.time_ns(), about=about)
    before = len(audit.entries())
    given = orders.give(config.store.path, order)
    try:
        store = Store(config.store.path)
    except StoreInUse:
        _wait(given)
    else:
        try:
            carry_out(store, config, order, time.time_ns())
        finally:
            store.close()
    return _say(config, order, audit, before)


def _wait(given: Path) -> None:
    deadline = time.monotonic() + WAIT_S
    while given.exists():
        if time.monotonic() > deadline:
            raise StoreError(
                f"the running gateway has not deleted it within {WAIT_S:.0f} s, and goes on trying; its log says why"
            )
        time.sleep(LOOK_S)


def _say(config: Config, order: Order, audit: Audit, before: int) -> int:
    said = [entry for entry in audit.entries()[before:] if entry.get("event") == order.event]
    nothing = [entry["reason"] for entry in said if entry["what"] == NOTHING]
    if nothing:
        sys.stdout.write(f"{order.event}: nothing was deleted: {nothing[-1]}\n")
        return 1
    if not any(entry["what"] == PROVED for entry in said):
        raise StoreError(
            f"{order.event}: it was not shown that nothing is left; the log of the gateway says why"
        )
    sys.stdout.write(
        f"{order.event}: deleted; no file, no byte and no key of it is left in {config.store.path}\n"
    )
    directory = config.deliver.directory
    if directory is not None:
        for path in sorted(directory.glob(f"{order.event}.zip*")):
            sys.stdout.write(f"the city has it too, and has to delete it there: {path}\n")
    return 0
