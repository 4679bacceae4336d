"""`time` and `gc` of a virtual board: simulated time, and the memory the board is said to have."""

import gc
import time as calendar

import _board

TICKS_PERIOD = 1 << 30  # as on most boards: microseconds wrap after 17.9 minutes


class Time:
    """Stands where the module `time` stands; the calendar is the interpreter's own."""

    time = staticmethod(calendar.time)
    time_ns = staticmethod(calendar.time_ns)
    gmtime = staticmethod(calendar.gmtime)
    localtime = staticmethod(calendar.localtime)
    mktime = staticmethod(calendar.mktime)

    @staticmethod
    def ticks_us():
        return _board.now_us & (TICKS_PERIOD - 1)

    ticks_cpu = ticks_us

    @staticmethod
    def ticks_ms():
        return _board.now_us // 1000 & (TICKS_PERIOD - 1)

    @staticmethod
    def ticks_add(ticks, delta):
        return (ticks + delta) & (TICKS_PERIOD - 1)

    @staticmethod
    def ticks_diff(end, start):
        half = TICKS_PERIOD // 2
        return ((end - start + half) & (TICKS_PERIOD - 1)) - half

    @staticmethod
    def sleep(seconds):
        _board.sleep(int(seconds * 1000000))

    @staticmethod
    def sleep_ms(ms):
        _board.sleep(ms * 1000)

    @staticmethod
    def sleep_us(us):
        _board.sleep(us)


class Memory:
    """Stands where the module `gc` stands: `heap_bytes` is all the board has."""

    collect = staticmethod(gc.collect)
    mem_alloc = staticmethod(gc.mem_alloc)
    enable = staticmethod(gc.enable)
    disable = staticmethod(gc.disable)
    isenabled = staticmethod(gc.isenabled)

    def __init__(self, heap_bytes):
        self._heap_bytes = heap_bytes

    def mem_free(self):
        return max(self._heap_bytes - gc.mem_alloc(), 0)

    def threshold(self, amount=-1):
        """Do nothing: this interpreter collects between requests, when the host thinks best (_host.py)."""
