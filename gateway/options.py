"""Options that several commands of the command line share."""

from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

Interpreter: TypeAlias = Annotated[
    Path | None,
    Parameter(
        name="--interpreter",
        help="A unix-port MicroPython with ulab; default: $STALENSTRAAT_MICROPYTHON, else the one npm installed.",
    ),
]
