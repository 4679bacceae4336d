"""A gateway that only says things: its status is what a test wants it to be."""

from gateway.service.status import BoardStatus, ClipStatus, Exceeding, Status, Transfer


class FakeGateway:
    """Says `now`, a `Status` that the test changes as it likes: a sensor, its camera, no clip."""

    def __init__(self) -> None:
        self.sensor = board("genk-1", "sensor")
        self.camera = board("genk-1-cam", "camera")
        self.now = Status(
            site="genk",
            boards=[self.sensor, self.camera],
            clips=[],
            accepted=0,
            by_state={},
            balance_holds=True,
        )

    def status(self) -> Status:
        """Return `now`."""
        return self.now


def board(board_id: str, kind: str) -> BoardStatus:
    """Return a connected board of `kind`, sensor or camera, with which all is well."""
    sensor = kind == "sensor"
    return BoardStatus(
        id=board_id,
        kind=kind,
        port="id:0001",
        connected=True,
        message="connected",
        state="watching" if sensor else "armed",
        mode="evidence" if sensor else None,
        laf_db=48.3 if sensor else None,
        lafmax_db=49.1 if sensor else None,
        laeq_db=48.0 if sensor else None,
        ten_minutes=exceeding(600.0) if sensor else None,
        hour=exceeding(1800.0) if sensor else None,
        score=0.07 if sensor else None,
        flags=0,
        checks={},
        transfers=[],
        overruns=0,
        dropped=0,
        frames=1200,
        garbage=0,
        missed=0,
        clock_uncertainty_ms=0.4,
        clock_drift_ppm=35.0,
    )


def exceeding(over_s: float) -> Exceeding:
    """Return the percentile levels of a quiet street."""
    return Exceeding(
        la10_db=58.2,
        la50_db=49.6,
        la90_db=44.9,
        la95_db=43.7,
        over_s=over_s,
        frames=round(over_s * 8),
        left_out=0,
    )


def clip(
    number: int, state: str = "delivered", *, missing: tuple[str, ...] = (), reason: str = ""
) -> ClipStatus:
    """Return clip `number` of genk-1 in `state`; evidence when it is sealed and nothing is missing."""
    sealed = state in ("sealed", "delivered")
    return ClipStatus(
        id=f"genk-1-1-{number}",
        state=state,
        reason=reason,
        trigger_time=f"2026-11-23T19:{number % 60:02d}:05.250000Z",
        lafmax_db=91.7 if sealed else None,
        behaviour="revving" if sealed else None,
        score=0.93 if sealed else None,
        missing=list(missing),
        evidence=sealed and not missing,
        package=f"packages/genk-1-1-{number}.zip" if sealed else None,
    )


def transfer(number: int, received: int, total: int) -> Transfer:
    """Return clip `number` of which `received` of `total` bytes have arrived."""
    return Transfer(clip=number, received=received, total=total)
