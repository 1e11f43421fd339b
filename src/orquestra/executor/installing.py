"""Installations of requirements that are under way, once for all who need them."""

from orquestra.executor.surroundings import Installed, Placement, Requirements
from orquestra.executor.teams import Team
from orquestra.sdk.schema.cluster import PoolId


class Installations:
    """What is being installed, and the teams that wait for it."""

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._waiting: dict[tuple[PoolId, Requirements], list[Team]] = {}
        self._problems: dict[tuple[PoolId, Requirements], str] = {}
        """Of installations that have failed before anybody had a job for them."""

    def begin(self, team: Team) -> str | None:
        """Have what a team needs installed; why that has failed ahead of its first job, if so."""
        assert team.environment.requirements
        key = team.pool_id, team.environment.requirements
        if key in self._problems:
            team.is_asked = team.hinted = False
            return self._problems.pop(key) if team.waiting else None
        if key not in self._waiting:
            self._placement.install(team.environment, image=team.pool.plan.image)
        self._waiting.setdefault(key, []).append(team)
        return None

    def teams(self, pool_id: PoolId, requirements: Requirements) -> list[Team]:
        """The teams that wait for an installation."""
        return self._waiting.get((pool_id, requirements), [])

    def end(self, item: Installed) -> list[Team]:
        """Note how an installation went; the teams that waited for it."""
        key = item.pool_id, item.requirements
        teams = self._waiting.pop(key, [])
        if item.problem is not None and not any(team.waiting for team in teams):
            self._problems[key] = item.problem
        for team in teams:
            team.is_open = item.problem is None
            team.is_asked = False
            team.hinted = team.hinted and team.is_open
        return teams
