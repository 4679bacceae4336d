"""What runs on the boards, on MicroPython; importable on CPython under the same names."""
