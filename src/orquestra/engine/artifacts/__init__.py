"""Values that tasks produced: their bytes, their records, and the answers that carry them.

The engine never unpickles them; a value is a format and bytes.
"""
