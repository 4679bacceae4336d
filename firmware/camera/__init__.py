"""The camera module."""
