"""What streams of events have in common: who hears of changes, how long they last, how many.

What is told in them belongs to the domains: `runs.progress`, `logs.streaming`.
"""
