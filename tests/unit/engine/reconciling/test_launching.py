"""What heads and nodes are launched with."""

import pytest

from orquestra.engine.provisioning.contract import HEAD

pytestmark = pytest.mark.anyio


async def test_tasks_find_the_head_where_they_ask_a_platform_for_secrets(
    rounds, submit, provisioner
):
    await submit()

    await rounds()

    (head,) = provisioner.specs()
    assert head.node_id == HEAD
    assert head.aliases == ("config-service.config-service",)
