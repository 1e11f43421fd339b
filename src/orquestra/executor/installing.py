"""Installations of requirements that are under way, once for all who need them."""

from collections.abc import Mapping

from orquestra.executor.runs import Run
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.surroundings import Installed, Placement, Requirements
from orquestra.executor.teams import Team
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema.cluster import PoolId
from orquestra.sdk.schema.workflow_run import WorkflowRunId


class Installations:
    """What is being installed, and the teams that wait for it."""

    def __init__(
        self, placement: Placement, scheduler: Scheduler, runs: Mapping[WorkflowRunId, Run]
    ) -> None:
        self._placement = placement
        self._scheduler = scheduler
        self._runs = runs
        self._waiting: dict[tuple[PoolId, Requirements], list[Team]] = {}

    def begin(self, team: Team) -> str | None:
        """Have what a team needs installed; why that has failed ahead of its first job, if so."""
        assert team.environment.requirements
        if team.problem is not None:
            team.is_asked = team.hinted = False
            if not team.waiting:
                return None
            problem, team.problem = team.problem, None
            return problem
        key = team.pool_id, team.environment.requirements
        if key not in self._waiting:
            image = team.pool.plan.image
            self._placement.install(team.environment, image=image, access=self._access(team))
        self._waiting.setdefault(key, []).append(team)
        return None

    def teams(self, pool_id: PoolId, requirements: Requirements) -> list[Team]:
        """The teams that wait for an installation."""
        return self._waiting.get((pool_id, requirements), [])

    def end(self, item: Installed) -> list[Team]:
        """Note how an installation went; the teams that waited for it."""
        key = item.pool_id, item.requirements
        teams = self._waiting.pop(key, [])
        for team in teams:
            team.problem = None if team.waiting else item.problem
            team.is_open = item.problem is None
            team.is_asked = False
            team.hinted = team.hinted and team.is_open
        return teams

    def _access(self, team: Team) -> SecretsLogin | None:
        """How passwords are read: as some run that needs what is to be installed."""
        runs = (self._runs.get(run_id) for run_id in self._scheduler.runs_of(team))
        return next((run.secret_access for run in runs if run is not None), None)
