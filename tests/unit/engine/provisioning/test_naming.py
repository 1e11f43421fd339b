import re

from hypothesis import given
from hypothesis import strategies as st

from orquestra.engine.provisioning.naming import container_name, network_name

ALLOWED = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def test_names_can_be_read():
    assert network_name("wf.Fit_1.abc") == "orq-wf.Fit_1.abc"
    assert container_name("wf.Fit_1.abc", "head") == "orq-wf.Fit_1.abc-head"


@given(st.text(), st.text())
def test_names_are_always_ones_that_container_engines_allow(run, node):
    assert ALLOWED.fullmatch(network_name(run))
    assert ALLOWED.fullmatch(container_name(run, node))
    assert len(container_name(run, node)) < 253


@given(st.text(), st.text())
def test_different_runs_have_networks_of_different_names(one, other):
    assert (network_name(one) == network_name(other)) == (one == other)
