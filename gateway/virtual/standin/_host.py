"""Inside the interpreter: runs what the host asks for. Used by wasm.mjs and by server.py alike.

Rules of this file
- Runs on MicroPython only. The host puts bytes into `buffer` and gets bytes back by address: no proxies, no copies
  but one. What is returned stays referenced here until the next request, so the host can read it in peace.
- An exception never leaves: its traceback is the answer, with status `FAULT`.
"""

import gc
import io
import sys
from array import array

import uctypes

OK = 0
FAULT = 1

if sys.platform == "webassembly":
    # The port collects at the end of a request once 16 KB were allocated; beside rings of megabytes that takes most of
    # the time (2 ms of a step's 3.3). One collection per megabyte is as good.
    gc.threshold(1 << 20)

buffer = bytearray(65536)
answer = array("I", [OK, 0, 0])  # status, address, bytes
namespace = {"__name__": "__main__"}
_functions = {}
_answered = b""


def reserve(size):
    """Make `buffer` hold at least `size` bytes; return its address."""
    global buffer
    if len(buffer) < size:
        buffer = bytearray(size)
    return uctypes.addressof(buffer)


def answer_address():
    """Return where `answer` lies."""
    return uctypes.addressof(answer)


def run(size):
    """Execute the code in `buffer[:size]` in the host's namespace."""
    try:
        # A function of before may be defined anew by this code.
        _functions.clear()
        exec(str(memoryview(buffer)[:size], "utf-8"), namespace)
        _say(OK, b"")
    except BaseException as fault:
        _say(FAULT, traceback(fault))


def call(name, size):
    """Call the function with the dotted `name` with a memoryview of `buffer[:size]`; None counts as b""."""
    try:
        function = _functions.get(name)
        if function is None:
            function = _find(name)
            _functions[name] = function
        _say(OK, function(memoryview(buffer)[:size]) or b"")
    except BaseException as fault:
        _say(FAULT, traceback(fault))


def traceback(fault):
    """Return what MicroPython prints of `fault`, as bytes."""
    text = io.StringIO()
    sys.print_exception(fault, text)
    return text.getvalue().encode()


def _say(status, data):
    global _answered
    if isinstance(data, str):
        data = data.encode()
    answer[1] = uctypes.addressof(data) if data else 0
    answer[2] = len(data)
    answer[0] = status
    _answered = data


def _find(name):
    parts = name.split(".")
    path = parts[0]
    found = namespace.get(path)
    if found is None:
        found = __import__(path)
    for part in parts[1:]:
        path += "." + part
        if not hasattr(found, part):
            __import__(path)
        found = getattr(found, part)
    return found
