"""What holds where an administrator says nothing.

The command line shows these in its help, so this module imports nothing heavy.
"""

from pathlib import Path

DEFAULT_DATA = Path("~/.orquestra/engine")
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8300
