"""Orders to delete a clip, from the command line to the gateway that has the store: `orders/EVENT.json`.

Rules of this file
- An order is on the disk before the command says that it was given; it stays until it was carried out.
- Whoever carries it out reads it with suspicion: it is a file.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import StoreError
from gateway.evidence.durably import replace_durably, sync_directory
from gateway.store.audit import LONGEST

FOLDER: Final = "orders"
SUFFIX: Final = ".json"
EVENT: Final = r"^[a-z0-9-]{1,32}-[0-9]{1,10}-[0-9]{1,10}$"
Said = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]


class Order(BaseModel):
    """Delete the clip of `event`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    event: Annotated[str, Field(pattern=EVENT)]
    who: Said
    reason: Said


def give(store: Path, order: Order) -> Path:
    """Leave `order` for whoever has the store at `store` open; return the file, which is gone when it was obeyed."""
    path = store / FOLDER / f"{order.event}{SUFFIX}"
    try:
        path.parent.mkdir(exist_ok=True)
        replace_durably(path, order.model_dump_json().encode())
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); is the store mounted?") from None
    return path


def given(store: Path) -> list[Order]:
    """Return the orders that wait; a file that is none is left out."""
    found: list[Order] = []
    for path in sorted((store / FOLDER).glob(f"*{SUFFIX}")):
        try:
            order = Order.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
        if path.name == f"{order.event}{SUFFIX}":
            found.append(order)
    return found


def obeyed(store: Path, order: Order) -> None:
    """Take `order` away."""
    folder = store / FOLDER
    (folder / f"{order.event}{SUFFIX}").unlink(missing_ok=True)
    sync_directory(folder)
