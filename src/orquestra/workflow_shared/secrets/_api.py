"""Where functions of release 1.1 look for the credentials of their imports."""

from orquestra.sdk.secret import Secret

__all__ = ["Secret"]
