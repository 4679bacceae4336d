"""The street simulator: vehicles, look-alikes and background, computed; seeded, the same to the bit each time."""
