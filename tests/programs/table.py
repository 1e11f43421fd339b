"""Small workflows and what becomes of them on whatever runtime: one table for all of them.

Runtimes are compared by the whole `Outcome` of a run; the table says what it is to be at its most
important: the results, or the message of a failure. The tasks are in modules of their own, as
those of users are; what a module imports of its neighbours travels with its tasks.
"""

import dataclasses
import importlib.util
from collections.abc import Iterable
from typing import Any

from orquestra import sdk
from tests.programs import (
    arguments,
    failures,
    hidden,
    maps,
    outputs,
    policies,
    surroundings,
    values,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """A workflow with its arguments, what its run gives or why it fails, and what it needs.

    `needs` is a package that base images do not have.
    """

    workflow: sdk.WorkflowTemplate
    arguments: tuple = ()
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    gives: Any = None
    fails: str | None = None
    needs: str | None = None

    @property
    def name(self) -> str:
        return self.workflow.__name__

    def can_run(self) -> bool:
        return self.needs is None or importlib.util.find_spec(self.needs) is not None

    def definition(self) -> sdk.WorkflowDef:
        return self.workflow(*self.arguments, **self.options)

    def outputs(self) -> tuple:
        """What the workflow function returns: for another one, that this becomes a part of."""
        returned = self.workflow.__wrapped__(*self.arguments, **self.options)
        return tuple(returned) if isinstance(returned, tuple | list) else (returned,)


def together(programs: Iterable[Program]) -> sdk.WorkflowDef:
    """One workflow that does what all of these do, and returns what they return."""
    parts = list(programs)

    @sdk.workflow
    def all_together():
        return tuple(output for part in parts for output in part.outputs())

    return all_together()


_NESTED = ((), (1, [(2, ((),))]))
_SCALE = {"scale": [1.5, None]}

PROGRAMS = [
    Program(workflow=outputs.unpacking_two, gives=("right", "left")),
    Program(workflow=outputs.unpacking_a_list, gives=("left", "right")),
    Program(workflow=outputs.unpacking_drops_what_is_not_declared, gives=(1, 2)),
    Program(workflow=outputs.unpacking_one, gives=(5, 5)),
    Program(workflow=outputs.unpacking_an_array, gives=(3, 7), needs="numpy"),
    Program(workflow=outputs.the_whole_of_two_outputs, gives=("left", "right")),
    Program(
        workflow=outputs.an_element_and_the_whole,
        gives=("right", ("left", "right"), ("left", "right")),
    ),
    Program(workflow=outputs.one_output_comes_bare, gives=7),
    Program(workflow=outputs.an_output_twice, gives=(7, 7)),
    Program(workflow=outputs.outputs_with_constants, gives=(1, "constant", (2, 3))),
    Program(workflow=arguments.arguments_of_all_kinds, gives=(1, (2, 3), 4, {"other": "o"})),
    Program(
        workflow=arguments.arguments_that_are_left_out,
        gives=(("a", "b", ("c", 3)), ("a", "b", None), ("a", "b", 0)),
    ),
    Program(workflow=arguments.constants_are_as_they_were_at_the_call, gives=(1, 3)),
    Program(
        workflow=arguments.a_constant_for_several_tasks,
        gives=(_SCALE, (_SCALE, (_SCALE,), _SCALE, {}), _SCALE),
    ),
    Program(workflow=arguments.a_task_that_is_called_again_and_again, gives=32),
    Program(
        workflow=arguments.futures_in_containers,
        gives=[1, {"left": "left", "deep": [("right", 3)]}, "constant"],
    ),
    Program(workflow=arguments.containers_that_share_what_they_hold, gives=(51, "x")),
    Program(workflow=arguments.a_sum_over_a_list_of_futures, gives=45),
    Program(
        workflow=arguments.with_parameters,
        arguments=([1, 2, 3],),
        options={"power": 2},
        gives=(14, {"names": ("n",)}),
    ),
    Program(workflow=values.values_are_not_shared, gives=([1], [1], [])),
    Program(
        workflow=values.types_stay_what_they_are,
        gives=("Point", "Colour", "tuple", "set", "bytes", {1: "one", None: "none"}),
    ),
    Program(
        workflow=values.dictionaries_in_dictionaries,
        gives={
            "to": {"times": 2, "letters": {"t", "o"}},
            "be": {"times": 1, "letters": {"b", "e"}},
        },
    ),
    Program(
        workflow=values.tuples_in_tuples,
        gives=(_NESTED, ((), (1, [((_NESTED, [_NESTED]), ((),))]))),
    ),
    Program(workflow=values.nothing_and_falsehood, gives=(None, False, 0, "", None)),
    Program(workflow=values.objects_of_the_users_classes, gives=4.5),
    Program(
        workflow=values.objects_of_the_tasks_module_as_constants,
        gives=((True, True, True), (False, False, True)),
    ),
    Program(
        workflow=values.objects_of_the_tasks_module_as_results,
        gives=((True, True, True), values.Mode.FAST, values.Setting(3)),
    ),
    Program(workflow=values.a_class_made_by_the_workflow, gives=(6, 6)),
    Program(workflow=values.functions_as_values, gives=((2, 2), (15, 20))),
    Program(
        workflow=values.texts_of_all_scripts,
        gives=(
            ("6e 61 c3 af 76 65 20 e2 98 83 20 f0 9f 98 80 00 0c 0a", "\n\x0c\x00😀 ☃ evïan"),
            {"größe": "米"},
            "\ud800",
        ),
    ),
    Program(
        workflow=values.large_values, gives=((3_000_000, 375_000, 2.5), (3_000_000, 375_000, 2.5))
    ),
    Program(
        workflow=values.arrays_travel,
        gives=(((2, 3), "ndarray", "int64"), "float64"),
        needs="numpy",
    ),
    Program(workflow=maps.a_map_over_constants, gives=[(1, (), 3, {}), (2, (), 3, {})]),
    Program(workflow=maps.a_map_over_a_result, gives=6),
    Program(workflow=maps.a_map_over_nothing, gives=[]),
    Program(workflow=maps.maps_over_maps, gives=([[0], [0, 1], [0, 1, 2]], [0, 1, 3], 4)),
    Program(
        workflow=maps.a_map_over_several_side_by_side,
        gives=[(0, ("abc",), [], {"other": "abc"}), (1, ("z",), [], {"other": "abc"})],
    ),
    Program(workflow=surroundings.variables_belong_to_their_task, gives=("fast", "unset", "slow")),
    Program(
        workflow=surroundings.tasks_know_who_they_are,
        gives=(
            ("whoami", True, True),
            ("whoami", True, True),
            ["who-runs.0", "who-runs.1"],
        ),
    ),
    Program(workflow=surroundings.tasks_that_write, gives=(5, 8, None)),
    Program(workflow=surroundings.a_local_module, gives=("3 m2", ["3 m2", "8 m2"])),
    Program(workflow=policies.a_task_that_is_tried_again, gives=3),
    Program(workflow=policies.a_task_in_time, gives="in time"),
    Program(workflow=policies.results_that_may_be_used_again, gives=(9, [1, 4, 9])),
]
"""Those that succeed."""

FAILING = [
    Program(
        workflow=failures.a_task_raises,
        fails=(
            "Task 'inverse' failed: ZeroDivisionError: division by zero (invocation-1-task-inverse)"
        ),
    ),
    Program(
        workflow=failures.a_task_raises_an_exception_of_its_own,
        fails="Task 'particular' failed: OfTheUser: number 7 (invocation-0-task-particular)",
    ),
    Program(
        workflow=failures.no_try_succeeds,
        fails=(
            "Task 'never_lucky' failed: LookupError (tried 3 times) (invocation-1-task-never-lucky)"
        ),
    ),
    Program(
        workflow=failures.an_output_is_missing,
        fails=(
            "Task 'too_few' has 3 outputs, but it returned 2 values (tuple). Return as many "
            "values as it has outputs. (invocation-1-task-too-few)"
        ),
    ),
    Program(
        workflow=failures.a_result_cannot_be_pickled,
        fails=(
            "The result of task 'generated' cannot be pickled: TypeError: cannot pickle "
            "'generator' object. Return plain data, or objects that pickle, instead of open "
            "files, locks or handles. (invocation-1-task-generated)"
        ),
    ),
    Program(
        workflow=failures.an_element_of_a_map_raises,
        fails=(
            "Element 1 of task 'inverse' failed: ZeroDivisionError: division by zero "
            "(invocation-1-task-inverse.1)"
        ),
    ),
    Program(
        workflow=failures.a_map_has_no_sequence,
        fails=(
            "Task 'inverse' is mapped over its argument 1, which is an int and not a "
            "sequence. Let the task that makes it return a list. (invocation-0-task-inverse)"
        ),
    ),
    Program(
        workflow=failures.sequences_are_not_equally_long,
        fails=(
            "Task 'together' is mapped over sequences of different lengths: its argument 1 "
            "has 2, its argument 2 has 1. Give it sequences with equally many elements. "
            "(invocation-0-task-together)"
        ),
    ),
    Program(
        workflow=failures.a_task_exits,
        fails="Task 'ending' failed: SystemExit: 3 (invocation-1-task-ending)",
    ),
]
"""Those that fail, with the message of their run."""

WITH_SECRETS = [
    Program(
        workflow=hidden.secrets_as_arguments,
        gives=((hidden.VALUE, [hidden.VALUE, {"key": hidden.VALUE}], hidden.VALUE), [12, 4]),
    ),
]
"""Those that need the secret of `hidden`, on the local runtime and on their own."""
