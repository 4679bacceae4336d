"""A unix-port MicroPython as an interpreter of this package; the same requests as wasm.mjs, see interpreter.py.

Runs on MicroPython. Arguments: the folder with the host's modules, and the file descriptors of requests and answers.
Standard input and output are the board's console; the working folder is the board's file system.
"""

import os
import struct
import sys

sys.path[:] = ["", ".frozen", sys.argv[1]]

import _host


def _folder(path):
    at = path.find("/")
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError:
            pass  # it is there, or opening the file says what is wrong
        at = path.find("/", at + 1)


def _walk(folder, found):
    for name, kind, *_ in os.ilistdir(folder or "."):
        if name in (".", ".."):
            continue
        path = folder + "/" + name if folder else name
        if kind == 0x4000:
            _walk(path, found)
        else:
            found.append(path)
    return found


def _write_file(body):
    size = struct.unpack_from("<H", body)[0]
    path = str(body[2 : 2 + size], "utf-8")
    _folder(path)
    with open(path, "wb") as file:
        file.write(body[2 + size :])


def _send_files(answers):
    """Answer with all files, one after the other: the heap is the board's, there may be no room for all at once."""
    paths = _walk("", [])
    sizes = [os.stat(path)[6] for path in paths]
    total = sum([6 + len(path.encode()) + size for path, size in zip(paths, sizes)])
    _send_head(answers, _host.OK, total)
    for path, size in zip(paths, sizes):
        name = path.encode()
        answers.write(struct.pack("<HI", len(name), size) + name)
        with open(path, "rb") as file:
            while piece := file.read(4096):
                answers.write(piece)


def _send_head(answers, status, size):
    answers.write(struct.pack("<IBI", size + 5, status, 0))


def _obey(op, body):
    size = len(body)
    if op == 88:  # X: execute
        _host.reserve(size)
        _host.buffer[:size] = body
        _host.run(size)
    elif op == 67:  # C: call
        name = 1 + body[0]
        _host.reserve(size - name)
        _host.buffer[: size - name] = body[name:]
        _host.call(str(body[1:name], "utf-8"), size - name)
    elif op == 87:  # W: write a file
        _write_file(body)
        return b""
    elif op == 70:  # F: flush; nothing waits here
        return b""
    else:
        raise ValueError("unknown request")
    return None


def serve():
    """Answer requests until the host closes its end."""
    requests = open(int(sys.argv[2]), "rb")
    answers = open(int(sys.argv[3]), "wb")
    head = bytearray(5)
    body = bytearray(65536)
    while requests.readinto(head) == 5:
        size = struct.unpack_from("<I", head)[0] - 1
        if size > len(body):
            body = bytearray(size)
        view = memoryview(body)[:size]
        at = 0
        while at < size:
            at += requests.readinto(view[at:])
        if head[4] == 82:  # R: read all files
            _send_files(answers)
            continue
        try:
            answer = _obey(head[4], view)
            status = _host.OK if answer is not None else _host.answer[0]
            answer = answer if answer is not None else _host._answered
        except Exception as fault:
            status = _host.FAULT
            answer = _host.traceback(fault)
        _send_head(answers, status, len(answer))
        answers.write(answer)


serve()
