# Runs on MicroPython; importable on CPython under the same names.
