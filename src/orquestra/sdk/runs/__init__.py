"""Runs as the user holds them: status, results, logs, lists, waiting, what notebooks show."""
