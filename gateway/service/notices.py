"""What the gateway tells whoever watches it: the live view, the web page, a test."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """What happened."""

    BOARD_CONNECTED = "board connected"
    BOARD_LOST = "board lost"
    BOARD_REFUSED = "board refused"
    CLIP_STARTED = "clip started"
    CLIP_COMPLETE = "clip complete"
    CLIP_CUT = "clip cut short"
    CLIP_LOST = "clip lost"
    CLIP_SEALED = "clip sealed"
    CLIP_DELIVERED = "clip delivered"
    CLIP_FORGOTTEN = "clip forgotten"
    DELIVERY_FAILED = "delivery failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """`subject` is a board id or an event id; `text` is for people."""

    what: What
    subject: str
    text: str = ""


Watcher = Callable[[Notice], None]
