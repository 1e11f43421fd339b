"""The contract: every document that crosses a wire, as pydantic models.

Here belong the workflow definition (`ir`), states and views of runs (`workflow_run`), serialised
values (`responses`), the bodies of the public HTTP API (`api`), what the engine and a run cluster
say to each other (`cluster`), and the file of saved logins (`configs`). Behaviour does not belong
here, and nothing here imports anything else of ours: the client, the executor and the engine all
stand on this package.
"""
