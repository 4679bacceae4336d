"""What a person sees of the demo: a live panel, and at the end a table of the clips and where they lie."""

import math
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gateway.service.status import BoardStatus, ClipStatus, Status

LOWEST_DB, HIGHEST_DB = 30.0, 110.0


class Source(Protocol):
    """Who says what is going on."""

    def status(self) -> Status:
        """Return the gateway's status."""
        ...


class Time(Protocol):
    """Who knows the simulated time."""

    def now_ns(self) -> int:
        """Return it."""
        ...


class LiveView:
    """Shows level, score, state and transfer progress until it is left; `quiet` shows nothing."""

    def __init__(self, source: Source, time: Time, seconds: float, url: str | None, *, quiet: bool) -> None:
        self._source = source
        self._time = time
        self._seconds = seconds
        self._url = url
        self._live = None if quiet else Live(console=Console(), refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
            if (
                self._url and not self._live.console.is_terminal
            ):  # a pipe sees no panel, but wants the page too
                self._live.console.print(f"live page: {self._url}", soft_wrap=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def update(self) -> None:
        """Show what is going on now."""
        if self._live:
            self._live.update(self._panel(self._source.status()))

    def _panel(self, status: Status) -> Panel:
        rows = Table.grid(padding=(0, 2))
        for board in status["boards"]:
            rows.add_row(*_board_row(board))
        now = min(self._time.now_ns() / 1e9, self._seconds)
        where = f"live page: {self._url}   " if self._url else ""
        length = f" of {self._seconds:.0f}" if math.isfinite(self._seconds) else ""
        done = sum(clip["state"] == "delivered" for clip in status["clips"])
        footer = Text(f"{where}street time {now:.0f}{length} s   clips delivered: {done}", style="dim")
        return Panel(Group(rows, footer), title="Stalenstraat: real firmware on virtual boards, real gateway")


def _board_row(board: BoardStatus) -> list[Text | ProgressBar]:
    name = Text(board["id"], style="bold")
    if not board["connected"]:
        return [name, Text(board["message"])]
    cells: list[Text | ProgressBar] = [name, Text(board["state"] or "")]
    level = board["laf_db"]
    if level is not None:
        share = (level - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB)
        cells += [
            Text(f"LAF {level:5.1f} dB(A)"),
            ProgressBar(total=1.0, completed=min(max(share, 0.0), 1.0), width=24),
            Text(f"signature {board['score'] or 0.0:.2f}"),
        ]
    for transfer in board["transfers"]:
        if transfer["received"] < transfer["total"]:
            done = f"{transfer['received'] / 1e6:.1f} of {transfer['total'] / 1e6:.1f} MB"
            cells.append(Text(f"clip {transfer['clip']}: {done}"))
    for what, text in board["checks"].items():
        cells.append(Text(f"{what}: {text}", style="yellow"))
    return cells


def print_clips(clips: list[ClipStatus]) -> None:
    """Print the table of the clips."""
    console = Console()
    if not clips:
        console.print("No clip: nothing was both loud enough and a loud exhaust.")
        return
    table = Table("event", "triggered", "LAFmax", "behaviour", "signature", "state", title="Clips")
    for clip in clips:
        level, score = clip["lafmax_db"], clip["score"]
        state = clip["state"] + (f", lacks {', '.join(clip['missing'])}" if clip["missing"] else "")
        table.add_row(
            clip["id"],
            clip["trigger_time"] or "",
            "" if level is None else f"{level:.1f} dB(A)",
            clip["behaviour"] or "",
            "" if score is None else f"{score:.2f}",
            state,
        )
    console.print(table)
    for clip in clips:
        if clip["package"]:
            console.print(f"{clip['id']}: {clip['package']}", soft_wrap=True)
    console.print("Check one with: stalenstraat verify PACKAGE", soft_wrap=True)
