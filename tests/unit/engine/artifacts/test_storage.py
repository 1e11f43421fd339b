"""Files that are taken over from an exchange, with links and without."""

import errno
import os

import pytest

from orquestra.engine.artifacts.storage import ArtifactStorage, Span
from orquestra.engine.errors import BadRequest

NAME = "run.worker.1"


@pytest.fixture
def exchange(tmp_path):
    folder = tmp_path / "exchange"
    folder.mkdir()
    return folder


@pytest.fixture
def storage(tmp_path):
    folder = tmp_path / "artifacts"
    folder.mkdir()
    return ArtifactStorage(folder)


@pytest.fixture(params=["links", "copies"])
def either_way(request, monkeypatch):
    """Runs a test with hard links, and where the system permits none."""
    if request.param == "copies":
        forbid_links(monkeypatch, errno.EXDEV)


def forbid_links(monkeypatch, number):
    def link(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.link", link)


def content(storage, *, offset=0, size) -> bytes:
    return b"".join(storage.pieces("run", NAME, Span(offset, size)))


def adopt(storage, exchange, *, size: int) -> None:
    storage.adopt("run", exchange=exchange, files={NAME: size})


@pytest.mark.usefixtures("either_way")
def test_a_growing_file_is_followed(storage, exchange):
    for number in range(3):
        with (exchange / NAME).open("ab") as file:
            file.write(b"%d" % number * 3)
        adopt(storage, exchange, size=3 * (number + 1))

    assert content(storage, size=9) == b"000111222"
    assert content(storage, offset=2, size=3) == b"011"


@pytest.mark.usefixtures("either_way")
def test_values_outlive_the_exchange(storage, exchange):
    (exchange / NAME).write_bytes(b"value")
    adopt(storage, exchange, size=5)
    (exchange / NAME).unlink()

    assert content(storage, size=5) == b"value"


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("kind", ["symlink", "pipe", "folder", "short", "missing"])
def test_what_is_no_file_with_the_value_is_refused(storage, exchange, tmp_path, kind):
    (tmp_path / "secret").write_bytes(b"secret")
    {
        "symlink": lambda: (exchange / NAME).symlink_to(tmp_path / "secret"),
        "pipe": lambda: os.mkfifo(exchange / NAME),
        "folder": (exchange / NAME).mkdir,
        "short": lambda: (exchange / NAME).write_bytes(b"abc"),
        "missing": lambda: None,
    }[kind]()

    with pytest.raises(BadRequest, match=r"run\.worker\.1"):
        adopt(storage, exchange, size=6)


@pytest.mark.usefixtures("either_way")
def test_values_are_put_back_into_an_empty_exchange(storage, exchange):
    (exchange / NAME).write_bytes(b"value")
    adopt(storage, exchange, size=5)
    (exchange / NAME).unlink()

    for _ in range(2):
        storage.relink("run", exchange=exchange, files=[NAME])

    assert {path.name: path.read_bytes() for path in exchange.iterdir()} == {NAME: b"value"}


def test_a_link_that_a_task_left_in_the_exchange_is_not_written_through(
    storage, exchange, tmp_path, monkeypatch
):
    (exchange / NAME).write_bytes(b"value")
    adopt(storage, exchange, size=5)
    (exchange / NAME).unlink()
    victim = tmp_path / "authorized_keys"
    victim.write_text("precious")
    for name in (f".{NAME}", ".guessed"):
        (exchange / name).symlink_to(victim)
    monkeypatch.setattr("secrets.token_hex", lambda _: "guessed")
    forbid_links(monkeypatch, errno.EXDEV)

    with pytest.raises(FileExistsError):
        storage.relink("run", exchange=exchange, files=[NAME])

    assert victim.read_text() == "precious"
    assert not (exchange / NAME).exists()


def test_an_error_that_is_not_about_links_is_not_taken_for_one(storage, exchange, monkeypatch):
    (exchange / NAME).write_bytes(b"value")
    forbid_links(monkeypatch, errno.ENOSPC)

    with pytest.raises(OSError, match="No space left"):
        adopt(storage, exchange, size=5)


def test_a_value_whose_file_ends_too_early_is_no_shorter_value(storage, exchange):
    (exchange / NAME).write_bytes(b"value")
    adopt(storage, exchange, size=5)

    with pytest.raises(EOFError, match="2 bytes too early"):
        content(storage, size=7)


def test_deleting_what_is_gone_succeeds(storage, exchange):
    (exchange / NAME).write_bytes(b"value")
    adopt(storage, exchange, size=5)

    for _ in range(2):
        storage.delete("run", [NAME])

    with pytest.raises(FileNotFoundError):
        content(storage, size=5)


class TestLending:
    """Parts of files of one run for the exchange of another."""

    @pytest.fixture
    def other(self, tmp_path):
        folder = tmp_path / "other"
        folder.mkdir()
        return folder

    @pytest.fixture
    def lend(self, storage, exchange, other):
        """Lends parts of a file `NAME` that has been stored; gives the file in the exchange."""
        (exchange / NAME).write_bytes(b"zero one two three")
        (exchange / NAME).chmod(0o666)
        adopt(storage, exchange, size=18)

        def lent(*spans: tuple[int, int], to: str = "other", folder=other):
            asked = [Span(*span) for span in spans]
            name, offsets = storage.lend("run", NAME, asked, to=to, exchange=folder)
            return folder / name, offsets

        return lent

    @pytest.fixture(params=["ranges", "pieces"], autouse=True)
    def either_way(self, request, monkeypatch):
        if request.param == "pieces":

            def refuse(*_):
                raise OSError(errno.EXDEV, "two file systems")

            monkeypatch.setattr("os.copy_file_range", refuse)

    def test_nothing_but_the_parts_is_there(self, lend, other):
        file, offsets = lend((5, 3), (13, 5))

        assert file.read_bytes() == b"onethree"
        assert offsets == [0, 3]
        assert list(other.iterdir()) == [file]

    def test_what_is_stored_does_not_change_with_it(self, lend, storage):
        file, _ = lend((0, 4))

        file.write_bytes(b"evil")

        assert content(storage, size=4) == b"zero"
        assert file.stat().st_mode & 0o777 == 0o644

    def test_the_same_is_copied_once(self, lend):
        first, _ = lend((0, 4))
        inode = first.stat().st_ino

        again, _ = lend((0, 4))
        more, _ = lend((0, 4), (5, 3))

        assert (again, again.stat().st_ino) == (first, inode)
        assert more != first

    @pytest.mark.parametrize("kind", ["symlink", "pipe", "short"])
    def test_what_a_task_left_in_its_place_goes(self, lend, tmp_path, kind):
        file, _ = lend((0, 4))
        file.unlink()
        victim = tmp_path / "authorized_keys"
        victim.write_text("four")
        {
            "symlink": lambda: file.symlink_to(victim),
            "pipe": lambda: os.mkfifo(file),
            "short": lambda: file.write_bytes(b"abc"),
        }[kind]()

        lend((0, 4))

        assert (file.read_bytes(), file.is_symlink()) == (b"zero", False)
        assert victim.read_text() == "four"

    def test_a_run_that_asks_for_its_own_file_gets_that(self, lend, exchange):
        (exchange / NAME).unlink()

        file, offsets = lend((5, 3), to="run", folder=exchange)

        assert (file.name, offsets) == (NAME, [5])
        assert file.read_bytes() == b"zero one two three"

    @pytest.mark.parametrize("to", ["other", "run"])
    def test_a_file_that_is_gone_or_too_short_is_lent_to_nobody(self, lend, storage, other, to):
        with pytest.raises(BadRequest):
            lend((0, 19), to=to)
        storage.delete("run", [NAME])
        with pytest.raises(BadRequest):
            lend((0, 4), to=to)

        assert list(other.iterdir()) == []

    def test_a_file_that_a_task_cuts_meanwhile_leaves_nothing(self, lend, other, monkeypatch):
        monkeypatch.setattr("orquestra.engine.artifacts.storage._regular_size", lambda _: 100)

        with pytest.raises(BadRequest, match="fewer than 50 bytes"):
            lend((0, 50))

        assert list(other.iterdir()) == []
