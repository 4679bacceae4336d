"""Engines and what they sound like: layouts, families, pulses, exhausts."""
