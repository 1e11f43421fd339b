"""`orq login`: logins of Compute Engines, given by a token or through the browser.

`login` is the command, `engines` says which engine is meant, `browser` has the token made there and
`listener` receives it, `listing` shows what is saved.
"""
