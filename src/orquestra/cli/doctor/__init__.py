"""`orq doctor`: what is wrong with this machine and with the logins, and how to fix it.

`doctor` is the command, `findings` what checks say, `running` runs them. The checks themselves are
in `installation`, `logins`, `machine` and `containers`; those of the engine's own side are asked
through `orquestra.cli.engine.machine_checks`. A check never changes anything.
"""
