"""The secrets of users: values that programs read by name, encrypted where they are kept.

A secret is in a workspace; `service` says who may do what with those of an engine. The engine of
the local runtime also asks other engines for theirs (`elsewhere`), with its user's saved logins.
A value is nowhere but in the answer to who asked for it: in no log, no error and no list.
"""
