# pyright: strict
"""Workflow templates take what their functions take, and give definitions that can be run."""

from typing import assert_type

from orquestra import sdk


@sdk.task
def task(n: int) -> int:
    return n


@sdk.workflow
def bare(n: int, *, scale: float = 1.0) -> sdk.ArtifactFuture[int]:
    return task(n)


@sdk.workflow(resources=sdk.Resources(nodes=2), head_node_resources=sdk.Resources(cpu="1"))
def configured() -> list[sdk.ArtifactFuture[int]]:
    return [task(1)]


assert_type(bare(1), sdk.WorkflowDef)
assert_type(bare(n=1, scale=2.0), sdk.WorkflowDef)
assert_type(configured().with_resources(cpu="1", nodes=3), sdk.WorkflowDef)
assert_type(configured().with_head_node_resources(memory=None), sdk.WorkflowDef)
bare(task(1))

run = configured().run("in_process")
assert_type(run, sdk.WorkflowRun)
assert_type(run.run_id, str)
assert_type(run.get_status(), sdk.State)
assert_type(run.wait_until_finished(), sdk.State)
assert_type(run.get_logs(), sdk.WorkflowLogs)
task_runs: list[sdk.TaskRun] = run.get_tasks()
configured().run(sdk.RuntimeConfig.load("prod"), workspace_id="w", project_id="p")

bare("text")  # mypy: arg-type, pyright: reportArgumentType
bare()  # mypy: call-arg, pyright: reportCallIssue
bare(1, 2.0)  # mypy: call-arg, pyright: reportCallIssue
configured(1)  # mypy: call-arg, pyright: reportCallIssue
configured().run()  # mypy: call-arg, pyright: reportCallIssue
configured().run(1)  # mypy: arg-type, pyright: reportArgumentType
configured().with_resources(nodes="2")  # mypy: arg-type, pyright: reportArgumentType
configured().with_head_node_resources(gpu="1")  # mypy: call-arg, pyright: reportCallIssue
run.get_tasks(state="RUNNING")  # mypy: arg-type, pyright: reportArgumentType
bare.run  # mypy: attr-defined, pyright: reportAttributeAccessIssue, reportUnknownMemberType
