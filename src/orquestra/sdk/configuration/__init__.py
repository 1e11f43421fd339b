"""Which engine is meant, and how it is reached: logins, tokens, the local engine's files."""
