"""What a person does without hardware: start virtual boards, flash one, look at it, flash it again."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.chain.cabinet import ROOT


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_flashing_a_new_virtual_board_twice_copies_nothing_the_second_time(tmp_path):
    """The programs as they are started by hand, each in a process of its own, on an empty board."""
    environment = {**os.environ, "STALENSTRAAT_PORTS": str(tmp_path)}
    environment.pop("STALENSTRAAT_MICROPYTHON", None)  # a prompt is what the WebAssembly interpreter has
    boards = subprocess.Popen(
        [sys.executable, "-m", "gateway.virtual", "--empty"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    try:
        port = re.search(r"id:\w+", boards.stdout.readline()).group()
        command = [sys.executable, "flash.py", "--board", "esp32-s3-psram", "--port", port, "--id", "genk-1"]
        first, second = (
            subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
            for _ in range(2)
        )
    finally:
        boards.send_signal(signal.SIGINT)
        boards.wait(10)
        boards.stdout.close()

    assert first.returncode == 0, first.stdout + first.stderr
    assert second.returncode == 0, second.stdout + second.stderr
    assert "+ firmware/sensor/app.py" in first.stdout
    assert "+ " not in second.stdout
    assert "genk-1 runs" in second.stdout
    assert boards.returncode == 0
