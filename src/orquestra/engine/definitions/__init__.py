"""Workflow definitions: checked when they arrive, stored unchanged, handed back unchanged."""
