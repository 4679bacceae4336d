"""The signature of a loud exhaust on the host: learn it, judge it, explain it; the board only applies it."""
