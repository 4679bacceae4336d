"""Boards and clocks made of software, for tests of whatever uses the gateway."""
