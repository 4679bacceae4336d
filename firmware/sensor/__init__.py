"""The microphone board."""
