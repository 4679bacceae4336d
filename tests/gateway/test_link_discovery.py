"""Ports by serial number and by path: USB ones as pyserial lists them, virtual ones from their folder."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gateway.errors import PortLost
from gateway.link import discovery
from gateway.link.discovery import NoSuchPort, PortInfo, find_port, list_ports


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder of virtual ports, and two USB ports, one without a serial number."""
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path))
    found = [
        SimpleNamespace(device="/dev/ttyACM1", serial_number="E66141", product="Pico 2", description="n/a"),
        SimpleNamespace(device="/dev/ttyS0", serial_number=None, product=None, description="n/a"),
    ]
    monkeypatch.setattr(discovery.usb, "comports", lambda: found)
    return tmp_path


def test_ports_without_a_serial_number_are_not_listed():
    """They cannot be told apart; by path they can still be named."""
    assert list_ports() == [PortInfo("/dev/ttyACM1", "E66141", "Pico 2")]


def test_a_serial_number_finds_its_path_however_it_is_written():
    """udev and MicroPython write hexadecimal differently."""
    assert find_port("id:E66141") == "/dev/ttyACM1"
    assert find_port("id:e66141") == "/dev/ttyACM1"


def test_a_path_is_taken_as_it_is():
    """With mpremote's prefix or without."""
    assert find_port("/dev/null") == "/dev/null"
    assert find_port("port:/dev/null") == "/dev/null"


def test_what_is_not_there_is_told_with_what_is():
    """A `PortLost`: plugging it in helps."""
    with pytest.raises(NoSuchPort, match=r"serial number 00; .* Seen: id:E66141 \(/dev/ttyACM1\)"):
        find_port("id:00")
    with pytest.raises(PortLost, match="/dev/none: no such port"):
        find_port("/dev/none")


def test_a_virtual_port_of_a_running_process_is_found(folder):
    """Its link is named SERIAL.PID."""
    (folder / f"0a1b.{os.getpid()}").symlink_to("/dev/null")
    assert find_port("id:0a1b") == "/dev/null"
    assert PortInfo("/dev/null", "0a1b", "virtual board", virtual=True) in list_ports()


def test_a_virtual_port_of_a_process_that_is_gone_is_passed_over(folder):
    """Its path may be somebody else's by now."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    (folder / f"0a1b.{process.pid}").symlink_to("/dev/null")
    (folder / "nonsense").symlink_to("/dev/null")
    (folder / f"0c.{os.getpid()}").symlink_to("/dev/gone")
    assert [port.serial_number for port in list_ports()] == ["E66141"]


def test_two_boards_with_the_same_serial_number_are_not_guessed_between(folder):
    """The paths are named instead."""
    (folder / f"E66141.{os.getpid()}").symlink_to("/dev/null")
    with pytest.raises(NoSuchPort, match="/dev/null and /dev/ttyACM1 have the same serial number"):
        find_port("id:E66141")


def test_without_the_folder_there_are_no_virtual_ports(monkeypatch, tmp_path):
    """It is made by the first virtual board."""
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "none"))
    assert [port.virtual for port in list_ports()] == [False]
