"""The link to a board: frames to session to clock, pure; port and discovery, the only I/O."""
