"""Who may log in, and how it is known that a token still counts."""
