"""The memory of a node."""

from orquestra.executor.memory import own_group, read_node_memory


def test_a_process_of_the_host_counts_as_its_own_group(tmp_path):
    own = tmp_path / "cgroup"
    own.write_text("0::/user.slice/session.scope\n")
    (tmp_path / "user.slice/session.scope").mkdir(parents=True)

    assert own_group(tmp_path, own) == tmp_path / "user.slice/session.scope"


def test_a_container_is_the_group_of_all_that_it_sees(tmp_path):
    own = tmp_path / "cgroup"
    for text in ("0::/\n", "0::/docker/not-seen-from-within\n", "9:memory:/docker/old\n"):
        own.write_text(text)

        assert own_group(tmp_path, own) == tmp_path

    assert own_group(tmp_path, tmp_path / "none") == tmp_path


def test_without_a_limit_of_its_own_a_node_has_the_machines_memory():
    assert read_node_memory().limit > 2**20
