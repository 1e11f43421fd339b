"""The page on which users log in with a password, and get a token for `orq` and for programs.

Whether a password is the right one is known to `auth.passwords`, what tokens say to `auth.tokens`.
"""
