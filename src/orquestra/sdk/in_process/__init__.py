"""The in-process runtime: runs a workflow definition in the calling process and thread.

It keeps to what an engine does: every value is serialised and read again, results are taken apart
by `orquestra.sdk.evaluation`, retries, caches, maps and variables of tasks are honoured. What it
cannot do it says (limits of time) or leaves out by nature: nothing is installed, images and
resources are ignored. It exists for tests and for trying a workflow out, so the user's exception
comes out of `run` as it is.

Here belong the execution (`execution`, `task_calls`, `arguments`), what surrounds a task while it
runs (`capture`, `surroundings`, `local_modules`) and what is remembered (`records`, `history`,
`result_cache`). HTTP and Ray do not belong here. It may import the rest of the SDK, except what
talks to engines.
"""

from orquestra.sdk.in_process.runtime import InProcess

__all__ = ["InProcess"]
