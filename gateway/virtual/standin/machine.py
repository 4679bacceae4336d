"""Stand-in for `machine`: the parts the firmware uses, fed by the host. See docs.micropython.org/library/machine."""

# ruff: noqa: A002, ARG002, PLR0913  the signatures are those of the real module

import _board

PWRON_RESET = 1


def reset():
    """Restart the board."""
    _board.reset()


def reset_cause():
    """Return why the board started."""
    return PWRON_RESET


def unique_id():
    """Return the serial number that the port shows too."""
    return _board.uid


def freq(_hz=None):
    """Return a clock rate; there is none."""
    return 240000000


class Pin:
    """A pin is a number; the host sets inputs and sees outputs."""

    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, **_more):
        self.id = id
        self._handler = None
        self._trigger = 0
        self._mode = mode
        _board.pins[id] = self
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return _board.levels.get(self.id, 0)
        if self._mode == Pin.OUT:
            _board.drive(self.id, 1 if level else 0)
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING, **_more):
        self._handler = handler
        self._trigger = trigger

    def edge(self, value):
        """The host changed the level: run the interrupt."""
        if self._handler and self._trigger & (Pin.IRQ_RISING if value else Pin.IRQ_FALLING):
            self._handler(self)


class I2S:
    """A microphone bus. A step brings one block; reading more than came is a time-out, as of a dead bus.

    The host sends "i2s", the words of the slots that the firmware listens to by its settings, or "slots", those of
    both. Of one microphone both slots can be read: it is in the left one, the right one is empty.
    """

    RX = 0
    TX = 1
    MONO = 0
    STEREO = 1

    def __init__(self, id, *, sck, ws, sd, mode, bits, format, rate, ibuf, **_more):
        if mode != I2S.RX:
            raise ValueError("a virtual board only listens")
        if bits not in (16, 32) or format not in (I2S.MONO, I2S.STEREO) or ibuf <= 0 or rate <= 0:
            raise ValueError("invalid I2S settings")
        self._stereo = format == I2S.STEREO

    def readinto(self, buffer):
        data = _board.inputs.get("i2s", b"")
        size = len(buffer)
        if "slots" in _board.inputs:
            data = _board.inputs.pop("slots")
            data = data if self._stereo else _every_second(data)
        elif self._stereo and 2 * len(data) == size:
            data = _with_empty(data)
        if len(data) < size:
            raise OSError(110)
        buffer[:] = data[:size]
        _board.inputs["i2s"] = data[size:]
        return size

    def deinit(self):
        pass


def _every_second(words):
    """Return the words of the left slot."""
    from ulab import numpy as np

    left = bytearray(len(words) // 2)
    source, target = np.frombuffer(words, dtype=np.uint16), np.frombuffer(left, dtype=np.uint16)
    target[0::2] = source[0::4]
    target[1::2] = source[1::4]
    return left


def _with_empty(words):
    """Return `words` as the left slot beside an empty right one."""
    from ulab import numpy as np

    both = bytearray(2 * len(words))
    source, target = np.frombuffer(words, dtype=np.uint16), np.frombuffer(both, dtype=np.uint16)
    target[0::4] = source[0::2]
    target[1::4] = source[1::2]
    return both


class UART:
    """A serial line of `baudrate`; the other end is a port of the host."""

    def __init__(self, id, baudrate=115200, *, txbuf=256, rxbuf=256, **_more):
        self._rate = baudrate // 10  # bytes per second: start, eight, stop
        self._txbuf = txbuf
        self._rxbuf = rxbuf
        self._tx = b""
        self._rx = b""
        self._credit = 0
        self._last_us = _board.now_us
        _board.uarts["uart%d" % id] = self

    def any(self):
        return len(self._rx)

    def read(self, count=-1):
        if not self._rx:
            return None
        count = len(self._rx) if count < 0 else count
        data, self._rx = self._rx[:count], self._rx[count:]
        return data

    def write(self, data):
        count = min(len(data), self._txbuf - len(self._tx))
        self._tx += bytes(data[:count])
        return count

    def receive(self, data):
        """Take what the host sends; what does not fit is lost."""
        self._rx += bytes(data[: self._rxbuf - len(self._rx)])

    def sent(self):
        """Return what has gone out since the last time."""
        self._credit += (_board.now_us - self._last_us) * self._rate // 1000000
        self._last_us = _board.now_us
        data = self._tx[: self._credit]
        self._tx = self._tx[len(data) :]
        self._credit = self._credit - len(data) if self._tx else 0
        return data


class Timer:
    """Runs its callback at simulated times."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **options):
        self._callback = None
        self.due_us = 0
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, freq=None, period=-1, callback=None):
        self._period_us = int(1000000 / freq) if freq else period * 1000
        if self._period_us <= 0:
            raise ValueError("period must be positive")
        self._repeat = mode == Timer.PERIODIC
        self._callback = callback
        self.due_us = _board.now_us + self._period_us
        if self not in _board.timers:
            _board.timers.append(self)

    def deinit(self):
        if self in _board.timers:
            _board.timers.remove(self)

    def fire(self):
        """The time has come."""
        if self._repeat:
            self.due_us += self._period_us
        else:
            _board.timers.remove(self)
        if self._callback:
            self._callback(self)


class WDT:
    """Restarts the board when it is not fed for `timeout` ms of simulated time."""

    def __init__(self, id=0, timeout=5000):
        self._timeout_us = timeout * 1000
        self.feed()
        _board.watchdog = self

    def feed(self):
        self._fed_us = _board.now_us

    def expired(self):
        """Say whether it barks."""
        return _board.now_us - self._fed_us > self._timeout_us
