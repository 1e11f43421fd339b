"""The user's code on its way to where tasks run: functions, imports, local modules."""
