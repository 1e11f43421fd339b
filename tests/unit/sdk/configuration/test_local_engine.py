import stat
from pathlib import Path

import pytest

from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.local_engine import LocalEngineFile


@pytest.fixture
def file(engine):
    """What the scripted engine would write, were it a local one."""
    return LocalEngineFile(pid=7, url=engine.uri, token=engine.config.token, version="2.0")


def test_the_data_folder_is_where_the_variable_says_else_in_the_home_folder(monkeypatch, tmp_path):
    assert local_engine.data_folder() == tmp_path / "local"

    monkeypatch.delenv("ORQ_LOCAL_DATA")

    assert local_engine.data_folder() == Path.home() / ".orquestra" / "local"


def test_the_file_is_read_as_it_was_written_and_closed_to_others(tmp_path, file):
    local_engine.write(tmp_path, file)

    assert local_engine.read(tmp_path) == file
    assert stat.S_IMODE(local_engine.file_path(tmp_path).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["engine.json"]


def test_without_a_file_there_is_no_engine(tmp_path, file):
    assert local_engine.read(tmp_path) is None
    local_engine.write(tmp_path, file)

    local_engine.delete(tmp_path)
    local_engine.delete(tmp_path)

    assert local_engine.read(tmp_path) is None


@pytest.mark.parametrize("content", ["", '{"pid": 7, "url": "http', '{"pid": 7}'])
def test_a_file_that_is_not_whole_counts_as_none(tmp_path, content):
    path = local_engine.file_path(tmp_path)
    path.parent.mkdir()
    path.write_text(content)

    assert local_engine.read(tmp_path) is None


def test_the_token_does_not_show_when_the_file_is_printed(file):
    assert file.token not in repr(file)


def test_an_engine_is_found_where_it_answers_to_its_token(engine, tmp_path, file):
    engine.answers("GET /api/workflow-runs", {"data": []})
    local_engine.write(tmp_path, file)

    assert local_engine.find(tmp_path) == file
    assert engine.requests[0]["authorization"] == f"Bearer {file.token}"


def test_an_engine_that_was_killed_is_not_found(tmp_path, file):
    local_engine.write(tmp_path, file.model_copy(update={"url": "http://127.0.0.1:1"}))

    assert local_engine.find(tmp_path) is None


def test_another_engine_on_the_same_port_is_not_taken_for_it(engine, tmp_path, file):
    engine.answers("GET /api/workflow-runs", {"message": "no"}, status=401)
    local_engine.write(tmp_path, file)

    assert local_engine.find(tmp_path) is None
