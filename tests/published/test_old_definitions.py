"""Definitions that the published client makes run on our nodes, those of older releases too."""

import pytest

from tests.git_server import GitServer
from tests.published.client import DATA

pytestmark = [pytest.mark.containers, pytest.mark.timeout(250)]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The address of a package `tool`."""
    server = GitServer(tmp_path_factory.mktemp("repositories"))
    server.add("tool.git")
    server.open()
    yield f"{server.url}/tool.git"
    server.close()


@pytest.fixture(scope="module")
def client(local_engine, newcomer, repository):
    """A user of the published client whose engine has host processes for nodes."""
    client = newcomer(TOOL=repository)
    client.login(local_engine.url, local_engine.token())
    return client


@pytest.fixture(scope="module")
def results(client):
    """The results of a run that a program starts, as `repr` shows each of them."""

    def of(program):
        return client.python(
            f"""
            import equipped

            run = {program}
            state = run.wait_until_finished(frequency=4, verbose=False)
            assert state.name == "SUCCEEDED", run.get_logs()
            tell([run.run_id, *map(repr, run.get_results())])
            """
        )

    return of


def test_all_that_release_1_1_offers(results):
    run_id, *found = results('equipped.equipped().run("127")')

    assert found == [
        "1",
        "[6, 6, 18]",
        "('blue', 'round')",
        "('red', None)",
        "('orquestra.sdk.exceptions', True)",
        f"('{run_id}', 'invocation-3-task-whereabouts', 'ray')",
        "(2000000, 1, 'Pair')",
        "20",
        "(3, 4)",
    ]


def test_requirements_are_installed_and_the_pin_of_the_release_gives_way(results):
    _, *found = results('equipped.with_requirements().run("127")')

    assert found == ["('iniconfig', '2.0.0', '2')", "5"]


@pytest.mark.parametrize("file", ["unpacking_wf_0.44.0.json", "unpacking_wf_0.45.1.json"])
def test_definitions_of_older_releases(results, file):
    """They do not say what tasks return, so that is one value, whichever part is asked for.

    Their functions are those of today's Python: byte code of another one runs nowhere.
    """
    definition = f"equipped.as_written_in({str(DATA / 'ir' / file)!r})"

    _, *found = results(f'sdk.WorkflowRun.start_from_ir({definition}, "127")')

    assert found == ["(11, 12)", "(11, 12)", "((11, 12), (11, 12))"]
