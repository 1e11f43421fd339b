from typing import get_args

from orquestra.sdk.schema import configs
from orquestra.sdk.schema.configs import RuntimeConfiguration, RuntimeConfigurationFile, RuntimeName


def test_the_names_of_runtimes_are_texts():
    names = ["RAY_LOCAL", "CE_REMOTE", "QE_REMOTE", "IN_PROCESS"]

    assert [str(name) for name in RuntimeName] == names
    assert get_args(configs.RemoteRuntime) == (RuntimeName.CE_REMOTE,)


def test_a_known_runtime_is_read_as_such_and_another_stays_a_text():
    known, other = (
        RuntimeConfiguration(config_name="a", runtime_name=name)
        for name in ("CE_REMOTE", "XY_REMOTE")
    )

    assert known.runtime_name is RuntimeName.CE_REMOTE
    assert other.runtime_name == "XY_REMOTE"
    assert known.runtime_options == {}


def test_a_new_file_has_the_version_and_the_default_of_release_1_1():
    assert RuntimeConfigurationFile().model_dump() == {
        "version": "0.0.2",
        "configs": {},
        "default_config_name": "local",
    }
    assert configs.CONFIG_FILE_CURRENT_VERSION == "0.0.2"
