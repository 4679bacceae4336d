"""`stalenstraat conformance`: the firmware's own code against IEC 61672-1:2013, see docs/levels.md."""
