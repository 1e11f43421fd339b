"""Who asks, and what that lets them do: tokens, passwords, the rights of a caller.

Rights are in `caller`, which domains ask about what is theirs. Who the users are is known to
`users`, who is a member of what to `workspaces`.
"""
