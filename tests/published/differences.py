"""Where our definitions differ from those of release 1.1.0 on purpose, and why.

All else has to be equal. What differs in any two definitions is in `comparison.py`: digests in
ids, the SDK's version, and bytes of pickles.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Why a program's definition differs, and what of it does: beginnings of paths in it."""

    reason: str
    paths: tuple[str, ...]


_LOSSLESS = Difference(
    reason="JSON would give this value back as something else, so it travels as a pickle.",
    paths=("constant_nodes.constant-0",),
)
_NO_GPU = Difference(
    reason="Who asks for no GPU does not get the image for GPUs.",
    paths=("task_invocations.",),
)


def _two_outputs(task: str, reason: str) -> Difference:
    return Difference(
        reason=reason,
        paths=(
            f"tasks.task-{task}-0.output_metadata",
            "artifact_nodes",
            "task_invocations.",
            "output_ids",
        ),
    )


DIFFERENCES = {
    "constants.a_dictionary_with_keys_that_are_no_texts": _LOSSLESS,
    "constants.a_named_tuple": _LOSSLESS,
    "constants.an_ordered_dictionary": _LOSSLESS,
    "default_dependencies.b_second_without": Difference(
        reason="Default dependencies of one workflow do not leak into the next through its tasks.",
        paths=("imports", "tasks.task-task-0.dependency_import_ids"),
    ),
    "dependencies.local_modules": Difference(
        reason="The module of a LocalImport travels; it was expected to be there already.",
        paths=("definition: ",),
    ),
    "quirks.pass_is_no_output": _two_outputs(
        "hypotheses-of-pass", "`pass` returns nothing, so it says nothing of the outputs."
    ),
    "quirks.returns_of_inner_functions_are_not_the_tasks": _two_outputs(
        "nested-return", "What an inner function returns is not what the task returns."
    ),
    "quirks.long_names_stay_apart": Difference(
        reason="A name that is cut keeps the invocation's number, or invocations get lost.",
        paths=("task_invocations",),
    ),
    "quirks.the_sdk_of_the_user_gives_way": Difference(
        reason="A requirement of the SDK by the user would conflict with the one that is added.",
        paths=("imports.python-import-0.packages",),
    ),
    "resources.no_gpus": _NO_GPU,
    "resources.a_gpu_cleared_by_a_call": _NO_GPU,
}

OTHER_REFUSALS = {
    "refused.cpus_that_are_no_quantity": "InvalidTaskDefinitionError names the task and its line.",
}
"""Programs that release 1.1.0 refuses with an error of another class."""
