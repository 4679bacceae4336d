"""Errors of the gateway: each says the cause and the cure in its text."""


class GatewayError(Exception):
    """Anything a user can cause or mend; the command line prints it as one line."""
