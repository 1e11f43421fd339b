"""Finding the runtime of a configuration, and the one that knows a run."""

from dataclasses import dataclass, field

from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    NotFoundError,
    RayNotRunningError,
    RuntimeQuerySummaryError,
)
from orquestra.sdk.runtime import Runtime

_Info = RuntimeQuerySummaryError.RuntimeInfo


def connect(config: RuntimeConfig) -> Runtime:
    """The runtime of a configuration; nothing is sent yet."""
    if config.is_in_process:
        from orquestra.sdk.in_process import InProcess

        return InProcess()
    from orquestra.sdk.compute_engine.client import ComputeEngineClient
    from orquestra.sdk.compute_engine.runtime import ComputeEngine

    return ComputeEngine(ComputeEngineClient(config))


def search_run(run_id: str) -> tuple[RuntimeConfig, Runtime]:
    """The first configuration that knows a run, this process before those that have to be asked.

    Raises:
        RuntimeQuerySummaryError: none does, as far as they can be asked.
    """
    search = _Search(run_id)
    names = RuntimeConfig.list_configs()
    in_process = RuntimeConfig.in_process().name
    for name in sorted(names, key=lambda name: name != in_process):
        found = search.ask(name)
        if found is not None:
            return found
    raise search.failure()


@dataclass(kw_only=True)
class _Answers:
    """Configurations that did not know a run, by why."""

    not_found: list[_Info] = field(default_factory=list)
    unauthorized: list[_Info] = field(default_factory=list)
    not_running: list[_Info] = field(default_factory=list)


class _Search:
    """A search for one run."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._answers = _Answers()

    def ask(self, name: str) -> tuple[RuntimeConfig, Runtime] | None:
        """The configuration of a name with its runtime, if that knows the run."""
        about = _Info(runtime_name="", config_name=name, server_uri=None)
        try:
            config = RuntimeConfig.load(name)
            about = _Info(
                runtime_name=config.runtime_name.value,
                config_name=config.name,
                server_uri=config.uri or None,
            )
            runtime = connect(config)
            runtime.progress(self._run_id)
        except NotFoundError:
            self._answers.not_found.append(about)
        except RayNotRunningError:
            self._answers.not_running.append(about)
        except (BaseRuntimeError, OSError):  # no login, an engine that is away, a broken entry
            self._answers.unauthorized.append(about)
        else:
            return config, runtime
        return None

    def failure(self) -> RuntimeQuerySummaryError:
        """What all of them have answered."""
        answers = self._answers
        return RuntimeQuerySummaryError(
            self._run_id, answers.not_found, answers.unauthorized, answers.not_running
        )
