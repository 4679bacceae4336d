"""The package: its manifest, how it is written, and how anybody checks it."""
