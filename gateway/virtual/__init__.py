"""Boards without hardware: the real firmware on the real interpreter, and a street to hear and see."""
