"""What a virtual board is made of: its clock, pins, timers, inputs and outputs. `machine`, `camera` and `time` use it.

Rules of this file
- Runs on MicroPython only; VirtualBoard (gateway/virtual/board.py) calls `configure`, `start`, `step`, `reset_wanted`.
- Time is what the host says. Within a step it stands still, except that an interrupt runs at the instant of its edge
  and that sleeping takes as long as it says.
- Numbers are little-endian. step: now u64; pin changes u16, each `<QHB` (time, pin, value); inputs u8, each a name
  (u8, text) and data (u32, bytes). Its answer: flags u8, then pin changes and outputs in the same form.
"""

import json
import os
import struct
import sys

import _clock

RESET = 1  # machine.reset(), or a watchdog that was not fed
FAULT = 2  # the program raised; its traceback is on the console
PROMPT = 4  # no program, or one that cannot even be imported

now_us = 0
uid = b""
pins = {}  # number: machine.Pin that was last made for it
levels = {}
timers = []
watchdog = None
uarts = {}
inputs = {}
_changes = []
_reset = False
_program = None


def configure(data):
    """Take what the host knows (JSON): uid (hex), heap_bytes and now_us; put the stand-ins in place."""
    global uid, now_us
    values = json.loads(bytes(data))
    uid = bytes(int(values["uid"][at : at + 2], 16) for at in range(0, len(values["uid"]), 2))
    now_us = values["now_us"]
    sys.modules["time"] = _clock.Time()
    if sys.platform == "webassembly":
        # This build says it is free to take 128 MB more; a board has what it has.
        sys.modules["gc"] = _clock.Memory(values["heap_bytes"])


def start(_data):
    """Import the program; return flags."""
    global _program
    try:
        os.stat("main.py")
    except OSError:
        return bytes([PROMPT])
    try:
        _program = __import__("main").step
    except SystemExit:
        return bytes([RESET])
    except (ImportError, SyntaxError) as fault:
        sys.print_exception(fault)
        return bytes([PROMPT])
    except Exception as fault:
        sys.print_exception(fault)
        return bytes([FAULT])
    return bytes([0])


def reset_wanted(_data):
    """Say whether `machine.reset` was called."""
    return b"\x01" if _reset else b"\x00"


def step(data):
    """Let time pass to `now`, then run the program once."""
    flags = 0
    now, edges = _take(data)
    _advance(now, edges)
    try:
        _program()
    except SystemExit:
        flags = RESET
    except Exception as fault:
        sys.print_exception(fault)
        flags = FAULT
    if _reset or (watchdog and watchdog.expired()):
        flags = RESET
    return _give(flags)


def reset():
    """Stop everything: the host starts the board afresh."""
    global _reset
    _reset = True
    raise SystemExit


def sleep(us):
    """Let time pass without leaving the program."""
    _advance(now_us + max(us, 0), ())


def drive(pin, value):
    """Note that the program drives `pin`."""
    if levels.get(pin, 0) != value:
        levels[pin] = value
        _changes.append((now_us, pin, value))


def _take(data):
    now, count = struct.unpack_from("<QH", data)
    at = 10
    edges = []
    for _ in range(count):
        edges.append(struct.unpack_from("<QHB", data, at))
        at += 11
    inputs.clear()
    count = data[at]
    at += 1
    for _ in range(count):
        stop = at + 1 + data[at]
        name = str(data[at + 1 : stop], "utf-8")
        size = struct.unpack_from("<I", data, stop)[0]
        at = stop + 4 + size
        if name in uarts:
            uarts[name].receive(data[stop + 4 : at])
        else:
            inputs[name] = data[stop + 4 : at]
    return now, edges


def _give(flags):
    out = bytes([flags]) + struct.pack("<H", len(_changes))
    for change in _changes:
        out += struct.pack("<QHB", *change)
    _changes.clear()
    sent = [(name, uarts[name].sent()) for name in uarts]
    out += bytes([len(sent)])
    for name, data in sent:
        out += bytes([len(name)]) + name.encode() + struct.pack("<I", len(data)) + data
    return out


def _advance(now, edges):
    """Run the interrupts between the present and `now`, each at its own instant."""
    global now_us
    for at, pin, value in edges:
        _run_timers(at)
        now_us = max(now_us, at)
        if levels.get(pin, 0) != value:
            levels[pin] = value
            if pin in pins:
                pins[pin].edge(value)
    _run_timers(now)
    now_us = max(now_us, now)


def _run_timers(until):
    global now_us
    while timers:
        timer = min(timers, key=lambda each: each.due_us)
        if timer.due_us > until:
            return
        now_us = max(now_us, timer.due_us)
        timer.fire()
