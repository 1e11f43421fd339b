"""A package beside the workflow."""

from .circles import area

__all__ = ["area"]
