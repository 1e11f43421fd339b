"""Whether the engine lives, and whether it can do its work."""
