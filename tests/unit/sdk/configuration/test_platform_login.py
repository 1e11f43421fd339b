import pytest

from orquestra.sdk.configuration.platform_login import (
    cluster_host,
    cluster_uri,
    has_platform_token,
    platform_token,
    required_variable,
)


def test_outside_of_a_platform_there_is_nothing():
    assert not has_platform_token()
    assert cluster_host() is None
    with pytest.raises(EnvironmentError, match="ORQUESTRA_PASSPORT_FILE is not set"):
        platform_token()
    with pytest.raises(EnvironmentError, match="ORQ_CURRENT_CLUSTER is not set"):
        cluster_uri()


def test_the_line_end_of_the_file_is_no_part_of_the_token(monkeypatch, tmp_path):
    file = tmp_path / "token"
    file.write_text("a.b.c\n")
    monkeypatch.setenv("ORQUESTRA_PASSPORT_FILE", str(file))

    assert has_platform_token()
    assert platform_token() == "a.b.c"


@pytest.mark.parametrize(
    ("cluster", "host", "uri"),
    [
        ("prod-d.example.com", "prod-d.example.com", "https://prod-d.example.com"),
        ("https://prod-d.example.com/", "prod-d.example.com", "https://prod-d.example.com"),
        ("http://engine:8300", "engine:8300", "http://engine:8300"),
    ],
)
def test_a_cluster_is_named_with_or_without_a_scheme(monkeypatch, cluster, host, uri):
    monkeypatch.setenv("ORQ_CURRENT_CLUSTER", cluster)

    assert (cluster_host(), cluster_uri()) == (host, uri)


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("ORQ_MLFLOW_PORT", "")

    with pytest.raises(EnvironmentError, match="ORQ_MLFLOW_PORT"):
        required_variable("ORQ_MLFLOW_PORT")
