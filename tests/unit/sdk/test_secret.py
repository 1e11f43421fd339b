import copy
import pickle

import pytest

from orquestra import sdk
from orquestra.sdk.schema import ir
from orquestra.sdk.secret import Secret, secret_node

SECRET = Secret("token", "prod", "team")


def test_its_fields_can_be_read():
    assert (SECRET.name, SECRET.config_name, SECRET.workspace_id) == ("token", "prod", "team")
    assert Secret("token").config_name is None
    assert Secret(name="token", workspace_id="team").workspace_id == "team"
    assert sdk.Secret is Secret


def test_what_needs_no_value_works():
    assert Secret("token", "prod", "team") == SECRET
    assert Secret("other") != SECRET
    assert hash(Secret("token", "prod", "team")) == hash(SECRET)
    assert len(SECRET) == 3
    assert bool(SECRET) is True
    assert repr(SECRET) == "Secret(name='token', config_name='prod', workspace_id='team')"
    assert isinstance(SECRET, tuple)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_can_be_pickled(protocol):
    assert pickle.loads(pickle.dumps(SECRET, protocol)) == SECRET


def test_it_can_be_copied():
    assert copy.copy(SECRET) == copy.deepcopy(SECRET) == SECRET


@pytest.mark.parametrize(
    "use",
    [
        str,
        lambda secret: f"Bearer {secret}",
        "{:>5}".format,
        list,
        tuple,
        lambda secret: [*secret],
        lambda secret: secret[0],
        lambda secret: secret[:2],
        lambda secret: "token" in secret,
        lambda secret: secret.upper(),
        lambda secret: secret.encode,
        lambda secret: secret._replace(name="x"),
        lambda secret: secret._asdict(),
    ],
)
def test_what_needs_the_value_is_an_attribute_error_with_a_way_out(use):
    with pytest.raises(
        AttributeError, match=r"secret 'token'.*argument.*sdk\.secrets\.get\('token'\)"
    ):
        use(SECRET)


@pytest.mark.parametrize(
    "use",
    [
        lambda secret: secret + "x",
        lambda secret: "x" + secret,
        lambda secret: secret * 2,
        lambda secret: "%s" % secret,  # noqa: UP031 - what users write
    ],
)
def test_joining_it_with_something_is_a_type_error(use):
    with pytest.raises(TypeError):
        use(SECRET)


def test_definitions_hold_it_without_a_value():
    assert secret_node(SECRET, node_id="secret-0") == ir.SecretNode(
        id="secret-0", secret_name="token", secret_config="prod", workspace_id="team"
    )
