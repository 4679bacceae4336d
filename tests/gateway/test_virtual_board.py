"""A virtual board: a small program on it, its pins, clock, console and power. Any interpreter will do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.errors import GatewayError
from gateway.link.discovery import find_port, list_ports
from gateway.virtual.board import RESTART_US, BoardState, VirtualBoard
from gateway.virtual.messages import PinChange

SERIAL = "0a0b0c0d0e0f0102"


@pytest.fixture(autouse=True)
def _own_ports(tmp_path, monkeypatch):
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))


@contextmanager
def board_with(program: str, **files: bytes) -> Iterator[VirtualBoard]:
    """A board whose main.py is `program`."""
    with VirtualBoard({"main.py": program.encode(), **files}, serial=SERIAL) as board:
        yield board


class Host:
    """The other end of a board's port, never blocking."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def read(self) -> bytes:
        """Return what has come."""
        found = b""
        while True:
            try:
                found += os.read(self.fd, 65536)
            except BlockingIOError:
                return found

    def write(self, data: bytes) -> None:
        """Send `data`."""
        os.write(self.fd, data)

    def close(self) -> None:
        """Leave the port."""
        os.close(self.fd)


def heard(board: VirtualBoard) -> str:
    """Return what the board has said so far."""
    host = Host(board.port)
    try:
        text = b""
        while True:
            board.pump()
            data = host.read()
            if not data and not board.unread_bytes:
                return text.decode().replace("\r\n", "\n")
            text += data
    finally:
        host.close()


def test_the_program_is_stepped_at_the_simulated_time():
    """`time` shows what step was given; sleeping lets it pass; microseconds wrap as on boards."""
    program = (
        "import time\n"
        "def step():\n"
        "    first = time.ticks_us()\n"
        "    time.sleep_ms(3)\n"
        "    print(first, time.ticks_ms(), time.ticks_diff(time.ticks_us(), first))\n"
    )
    with board_with(program) as board:
        board.step(25_000, {})
        board.step((1 << 30) + 7, {})
        assert heard(board) == "25000 28 3000\n7 1073744 3000\n"


def test_an_i2s_block_is_read_once():
    """Reading more than the step brought is a time-out, as of a dead bus, and the fault is on the console."""
    program = (
        "from machine import I2S, Pin\n"
        "bus = I2S(0, sck=Pin(1), ws=Pin(2), sd=Pin(3), mode=I2S.RX, bits=32, format=I2S.MONO, rate=48000, ibuf=8000)\n"
        "block = bytearray(8)\n"
        "def step():\n"
        "    print(bus.readinto(block), bytes(block))\n"
    )
    with board_with(program) as board:
        board.step(25_000, {"i2s": b"12345678"})
        board.step(50_000, {})
        said = heard(board)
    assert said.startswith("8 b'12345678'\n")
    assert said.endswith("OSError: [Errno 110] ETIMEDOUT\n")
    assert board.faults == 1


def test_a_pin_interrupt_runs_at_the_instant_of_its_edge():
    """However late the step that brings it, and only on the edge that was asked for."""
    program = (
        "import time\n"
        "from machine import Pin\n"
        "pin = Pin(4, Pin.IN, Pin.PULL_DOWN)\n"
        "pin.irq(lambda pin: print('edge', time.ticks_us(), pin.value()), Pin.IRQ_RISING)\n"
        "def step():\n"
        "    print('step', time.ticks_us(), pin.value())\n"
    )
    with board_with(program) as board:
        board.step(50_000, {}, [PinChange(11_000, 4, 1), PinChange(12_000, 4, 0), PinChange(13_000, 9, 1)])
        board.step(75_000, {}, [PinChange(60_000, 4, 1)])
        assert heard(board) == "edge 11000 1\nstep 50000 0\nedge 60000 1\nstep 75000 1\n"


def test_the_edges_a_board_makes_come_back_with_their_time():
    """A level that stays is no edge."""
    program = (
        "import time\n"
        "from machine import Pin\n"
        "pin = Pin(7, Pin.OUT, value=0)\n"
        "def step():\n"
        "    pin.value(1)\n"
        "    time.sleep_us(40)\n"
        "    pin.value(1)\n"
        "    pin(0)\n"
    )
    with board_with(program) as board:
        assert board.step(25_000, {}) == [PinChange(25_000, 7, 1), PinChange(25_040, 7, 0)]


def test_timers_fire_at_their_time_among_the_edges():
    """In the order of time, periodic ones again and again, single ones once."""
    program = (
        "import time\n"
        "from machine import Pin, Timer\n"
        "def say(name):\n"
        "    return lambda _: print(name, time.ticks_us())\n"
        "Timer(-1, mode=Timer.PERIODIC, period=10, callback=say('again'))\n"
        "Timer(-1, mode=Timer.ONE_SHOT, period=15, callback=say('once'))\n"
        "Pin(1, Pin.IN).irq(say('edge'))\n"
        "def step():\n"
        "    pass\n"
    )
    with board_with(program) as board:
        board.step(25_000, {}, [PinChange(12_000, 1, 1)])
        assert heard(board) == "again 10000\nedge 12000\nonce 15000\nagain 20000\n"


def test_a_watchdog_that_is_not_fed_restarts_the_board():
    """After its time-out of simulated time."""
    program = "from machine import WDT\ndog = WDT(timeout=100)\ndef step():\n    pass\n"
    with board_with(program) as board:
        board.step(90_000, {})
        assert board.starts == 1
        board.step(101_000, {})
        assert board.starts == 2


def test_a_uart_carries_both_ways_no_faster_than_its_rate():
    """115,200 baud are 11,520 bytes a second; what does not fit waits in the transmit buffer."""
    program = (
        "from machine import UART\n"
        "line = UART(1, 115200, tx=4, rx=5, txbuf=4096, rxbuf=64, timeout=0)\n"
        "sent = line.write(bytes(5000))\n"
        "def step():\n"
        "    got = line.read(10)\n"
        "    if got: print(sent, got)\n"
    )
    with board_with(program) as board:
        host = Host(board.uart(1))
        host.write(b"hello")
        board.step(25_000, {})
        assert len(host.read()) == 288
        board.step(125_000, {})
        assert len(host.read()) == 1152
        assert heard(board) == "4096 b'hello'\n"
        host.close()


def test_a_fault_is_shown_and_the_board_starts_again_after_its_pause():
    """As main.py does on a real board: print, two seconds, reset."""
    program = (
        "count = 0\n"
        "def step():\n"
        "    global count\n"
        "    count += 1\n"
        "    if count == 2: raise ValueError('broken')\n"
        "    print('ok')\n"
    )
    with board_with(program) as board:
        board.step(0, {})
        board.step(1000, {})
        assert (board.state, board.faults) == (BoardState.FAULT, 1)
        board.step(1000 + RESTART_US - 1, {})
        assert board.starts == 1
        board.step(1000 + RESTART_US, {})
        board.step(1001 + RESTART_US, {})
        assert (board.state, board.starts) == (BoardState.RUNNING, 2)
        said = heard(board)
    assert said.startswith("ok\nTraceback")
    assert said.endswith("ValueError: broken\nok\n")


def test_a_power_cut_keeps_files_and_nothing_else():
    """Memory is new, pins fall, the file system stays."""
    program = (
        "from machine import Pin\n"
        "try:\n"
        "    starts = int(open('starts').read())\n"
        "except OSError:\n"
        "    starts = 0\n"
        "with open('starts', 'w') as file: file.write(str(starts + 1))\n"
        "pin = Pin(3, Pin.OUT, value=0)\n"
        "def step():\n"
        "    pin.on() if starts == 0 else None\n"
    )
    with board_with(program) as board:
        assert board.step(25_000, {}) == [PinChange(25_000, 3, 1)]
        board.power_cycle()
        assert board.files()["starts"] == b"2"
        assert board.step(50_000, {}) == [PinChange(25_000, 3, 0)]


def test_machine_reset_starts_the_program_anew():
    """The rest of the step does not happen."""
    program = "import machine\nprint('start')\ndef step():\n    machine.reset()\n    print('never')\n"
    with board_with(program) as board:
        board.step(25_000, {})
        assert board.starts == 2
        assert heard(board) == "start\nstart\n"


def test_a_host_that_does_not_read_blocks_nothing():
    """The program sees an unwritable port, and everything it was allowed to write arrives in order."""
    program = (
        "import select, sys\n"
        "poll = select.poll()\n"
        "poll.register(sys.stdout, select.POLLOUT)\n"
        "count = refused = 0\n"
        "def step():\n"
        "    global count, refused\n"
        "    if not poll.poll(0):\n"
        "        refused += 1\n"
        "        return\n"
        "    taken = sys.stdout.buffer.write(b'%06d,' % count + bytes(993)) or 0\n"
        "    count += taken == 1000\n"
    )
    with board_with(program) as board:
        for step in range(100):
            board.step(step * 25_000, {})
        stuck = board.unread_bytes
        said = heard(board)
        numbers = [int(piece[-6:]) for piece in said.split(",")[:-1]]
    assert 2_000 <= stuck < 100_000
    assert len(numbers) < 60
    assert numbers == list(range(len(numbers)))


def test_the_board_reads_what_the_host_writes():
    """Bytes reach the program's standard input; none is lost."""
    program = (
        "import select, sys\n"
        "poll = select.poll()\n"
        "poll.register(sys.stdin, select.POLLIN)\n"
        "def step():\n"
        "    line = b''\n"
        "    while poll.poll(0): line += sys.stdin.buffer.read(1)\n"
        "    print(line)\n"
    )
    with board_with(program) as board:
        host = Host(board.port)
        host.write(b"hello 1\n")
        board.step(25_000, {})
        assert host.read() == b"b'hello 1\\n'\n"
        host.close()


def test_the_board_is_found_by_its_serial_number():
    """While it is on; its machine.unique_id() is the same number; unplugging gives it another path."""
    program = (
        "import machine, binascii\nprint(binascii.hexlify(machine.unique_id()))\ndef step():\n    pass\n"
    )
    with board_with(program) as board:
        assert find_port(f"id:{SERIAL}") == board.port
        assert [port.serial_number for port in list_ports()].count(SERIAL) == 1
        assert heard(board) == f"b'{SERIAL}'\n"
        host = Host(board.port)
        board.power_cycle(unplug=True)
        with pytest.raises(OSError, match="Input/output error"):
            os.write(host.fd, b"x")
        host.close()
        assert find_port(f"id:{SERIAL}") == board.port
    assert SERIAL not in [port.serial_number for port in list_ports()]


def test_free_memory_is_what_the_board_has():
    """Not what the computer has: eight megabytes less what is used."""
    with board_with("import gc\nprint(gc.mem_free())\ndef step():\n    pass\n") as board:
        assert 6_000_000 < int(heard(board)) < 8 * 1024 * 1024


def test_a_serial_number_is_hexadecimal():
    """As machine.unique_id() is."""
    with pytest.raises(ValueError, match="fromhex"):
        VirtualBoard({}, serial="board-1")


def test_settings_that_cannot_be_read_are_none():
    """A board may hold anything."""
    with board_with("def step(): pass\n", **{"settings.json": b"{broken"}) as board:
        assert board.settings == {}


def test_without_a_prompt_a_program_that_cannot_start_is_an_error(monkeypatch):
    """A unix port has no prompt to fall back to: the text says so."""
    with board_with("def step(): pass\n") as board:
        monkeypatch.setattr(board._interpreter, "has_prompt", False)
        with pytest.raises(GatewayError, match="did not start"):
            board._open_prompt(b"")
