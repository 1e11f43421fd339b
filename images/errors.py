"""Errors of building images."""


class BuildError(Exception):
    """An image could not be made; the message says why and what to do next."""
