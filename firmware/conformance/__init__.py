"""What `stalenstraat conformance` runs on a board from memory: it is never flashed."""
