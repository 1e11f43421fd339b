"""The engine as a process: put together, alone on its data, serving until told to stop."""
