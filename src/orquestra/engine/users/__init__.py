"""Who may log in, and how it is known that a token still counts.

What tokens and passwords are, and what their users may do, belongs to `auth`; what users share, to
`workspaces`; the page on which they log in, to `login`.
"""
