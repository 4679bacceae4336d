"""Where a clip can be in its life, and what may follow what. One enum, one table.

receiving -> complete -> sealed -> delivered -> expired | deleted   a sensor clip (its package)
receiving -> partial  -> sealed ...                           its board forgot the rest
complete | partial -> joined | discarded                      a camera clip
receiving | partial -> lost                                   nothing of it can be used
"""

from enum import Enum, StrEnum

from gateway.errors import StoreError


class ClipState(StrEnum):
    """The states; the text is what is stored and shown."""

    RECEIVING = "receiving"
    COMPLETE = "complete"  # every byte is here
    PARTIAL = "partial"  # no further byte will come
    SEALED = "sealed"  # its package is durable, its bytes are deleted
    DELIVERED = "delivered"
    JOINED = "joined"  # a camera clip that is in a package
    DISCARDED = "discarded"  # a camera clip that no sound belongs to; deleted
    LOST = "lost"
    EXPIRED = "expired"  # deleted by age
    DELETED = "deleted"  # by order, or because the city has it


class Step(Enum):
    """What moves a clip."""

    LAST_BYTE = "every byte is durable"
    CUT = "the board will send no more of it"
    SEAL = "its package is durable"
    DELIVER = "its package is at its target"
    JOIN = "its pictures are in a package"
    DISCARD = "no sound belongs to it"
    LOSE = "nothing of it can be used"
    EXPIRE = "it is too old"
    DELETE = "its deletion was ordered, or the city has it"


_S = ClipState
TRANSITIONS: dict[tuple[ClipState, Step], ClipState] = {
    (_S.RECEIVING, Step.LAST_BYTE): _S.COMPLETE,
    (_S.RECEIVING, Step.CUT): _S.PARTIAL,
    (_S.RECEIVING, Step.LOSE): _S.LOST,
    (_S.RECEIVING, Step.EXPIRE): _S.EXPIRED,
    (_S.COMPLETE, Step.SEAL): _S.SEALED,
    (_S.COMPLETE, Step.JOIN): _S.JOINED,
    (_S.COMPLETE, Step.DISCARD): _S.DISCARDED,
    (_S.COMPLETE, Step.LOSE): _S.LOST,
    (_S.COMPLETE, Step.EXPIRE): _S.EXPIRED,
    (_S.PARTIAL, Step.SEAL): _S.SEALED,
    (_S.PARTIAL, Step.JOIN): _S.JOINED,
    (_S.PARTIAL, Step.DISCARD): _S.DISCARDED,
    (_S.PARTIAL, Step.LOSE): _S.LOST,
    (_S.PARTIAL, Step.EXPIRE): _S.EXPIRED,
    (_S.SEALED, Step.DELIVER): _S.DELIVERED,
    (_S.SEALED, Step.EXPIRE): _S.EXPIRED,
    (_S.DELIVERED, Step.EXPIRE): _S.EXPIRED,
    (_S.RECEIVING, Step.DELETE): _S.DELETED,
    (_S.COMPLETE, Step.DELETE): _S.DELETED,
    (_S.PARTIAL, Step.DELETE): _S.DELETED,
    (_S.SEALED, Step.DELETE): _S.DELETED,
    (_S.DELIVERED, Step.DELETE): _S.DELETED,
}
GONE = frozenset(
    {_S.DISCARDED, _S.LOST, _S.EXPIRED, _S.DELETED}
)  # nothing of it is left, in no other package either
FINAL = GONE | {_S.JOINED}
UNSEALED = frozenset({_S.RECEIVING, _S.COMPLETE, _S.PARTIAL})


def after(state: ClipState, step: Step) -> ClipState:
    """Return the state that follows; `StoreError` when `step` cannot happen in `state`."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise StoreError(
            f'a clip that is {state} cannot become something because "{step.value}"; this is a mistake of the gateway'
        ) from None
