"""What users share: workspaces, who is a member of each, and the projects in them.

Whether a caller may touch a workspace is known to `auth.caller`; what is put into one belongs to
its own domain.
"""
