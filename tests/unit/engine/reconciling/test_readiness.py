"""Which run clusters are kept ready before anybody needs them."""

import pytest

from orquestra.engine.reconciling.actions import AddCluster, RetireCluster
from orquestra.engine.reconciling.readiness import decide_readiness
from orquestra.sdk.schema.cluster import ClusterId
from tests.unit.engine.reconciling.seen import cluster

HEAD_IMAGE = "base@sha256:0"


def standby(name: str = "standby-1", **changes):
    return cluster(id=ClusterId(name), runs=(), **{"taken": False, **changes})


def shared(**changes):
    return cluster(id=ClusterId("local-1"), shared=True, **{"runs": (), **changes})


def decided(*views, number: int = 1, local: bool = False, head_image: str | None = HEAD_IMAGE):
    return decide_readiness(views, standby=number, local=local, head_image=head_image)


def retired(actions):
    return [action.cluster_id for action in actions if isinstance(action, RetireCluster)]


class TestAComputeEngine:
    def test_without_standbys_gets_one_at_a_time(self):
        assert decided(number=2) == [AddCluster()]
        assert decided(standby(), number=2) == [AddCluster()]
        assert decided(standby(), standby("standby-2"), number=2) == []

    def test_replaces_a_standby_that_was_taken_died_or_is_over(self):
        assert decided(cluster(id=ClusterId("standby-1"))) == [AddCluster()]
        assert decided(standby(retired=True)) == [AddCluster()]
        assert decided(standby(taken=True)) == [AddCluster()]

    def test_does_not_count_the_clusters_of_runs(self):
        assert decided(cluster(), standby()) == []

    def test_lets_the_cluster_of_a_run_come_up_first(self):
        assert decided(cluster(head_began=False)) == []

    def test_wants_none_where_the_settings_say_so(self):
        assert decided(number=0) == []
        assert retired(decided(standby(), number=0)) == ["standby-1"]

    def test_replaces_a_standby_whose_image_was_published_anew(self):
        actions = decided(standby(), head_image="base@sha256:1")

        assert retired(actions) == ["standby-1"]
        assert AddCluster() in actions

    def test_keeps_a_standby_while_the_registry_is_silent(self):
        assert decided(standby(), head_image=None) == []


class TestALocalEngine:
    def test_has_exactly_one_shared_cluster(self):
        assert decided(number=3, local=True) == [AddCluster()]
        assert decided(shared(), number=3, local=True) == []

    def test_replaces_one_that_died(self):
        assert decided(shared(retired=True), local=True) == [AddCluster()]

    @pytest.mark.parametrize("idle", [True, False])
    def test_without_standby_has_it_only_while_there_are_runs(self, idle):
        view = shared() if idle else shared(runs=cluster().runs)

        assert retired(decided(view, number=0, local=True)) == (["local-1"] if idle else [])
