"""What a head prepares for Ray."""

from pathlib import Path

import pytest
from ray._common.usage import usage_lib

from orquestra.executor.head import _home


def test_ray_finds_its_launcher_file_and_asks_no_cloud_where_it_is(tmp_path, monkeypatch):
    def ask():
        pytest.fail("a metadata service was asked")

    monkeypatch.setattr(usage_lib, "get_cloud_from_metadata_requests", ask)
    monkeypatch.setenv("HOME", _home(tmp_path)["HOME"])

    report = usage_lib.get_cluster_config_to_report(
        str(Path("~/ray_bootstrap_config.yaml").expanduser())
    )

    assert report.cloud_provider is None
