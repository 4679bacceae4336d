"""Calibrating a microphone: the calibrator's tone in a board's figures, the record of it, its history."""
