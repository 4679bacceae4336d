"""ulab.scipy: the part in use."""

from . import signal as signal
