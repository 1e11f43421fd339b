"""What endpoints ask for is given to them without a detour."""

import inspect

import pytest

from orquestra.engine.process.apps import cluster_app, public_app

pytestmark = pytest.mark.anyio


def calls(dependant):
    """All that is called before an endpoint, at any depth."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


@pytest.mark.parametrize("app", [public_app, cluster_app])
async def test_nothing_that_endpoints_depend_on_is_called_in_a_thread(services, app):
    routers = [
        entry.original_router for entry in app(services).routes if not hasattr(entry, "path")
    ]
    found = [
        call if inspect.isfunction(call) else type(call).__call__
        for router in routers
        for route in router.routes
        for call in calls(route.dependant)
    ]

    assert found
    for call in found:
        assert inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call), call
