import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.engine.errors import InvalidImageName
from orquestra.engine.images.references import ImageReference, is_loopback

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("ubuntu", "docker.io/library/ubuntu:latest"),
        ("team/solver:1", "docker.io/team/solver:1"),
        ("index.docker.io/ubuntu", "docker.io/library/ubuntu:latest"),
        ("localhost/solver", "localhost/solver:latest"),
        # No path may hold capitals, so this can only be a host.
        ("Host/solver", "Host/solver:latest"),
        ("127.0.0.1:5000/demo/sklearn:1", "127.0.0.1:5000/demo/sklearn:1"),
        ("[::1]:5000/solver", "[::1]:5000/solver:latest"),
        ("registry.example.com/a/b/c_d__e-f.g", "registry.example.com/a/b/c_d__e-f.g:latest"),
        (f"ubuntu@{DIGEST}", f"docker.io/library/ubuntu@{DIGEST}"),
        (f"ubuntu:24.04@{DIGEST}", f"docker.io/library/ubuntu:24.04@{DIGEST}"),
    ],
)
def test_what_is_left_out_gets_its_default(text: str, complete: str) -> None:
    assert str(ImageReference.parse(text)) == complete


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":tag",
        "solver:",
        "team/Solver",
        "team//solver",
        "team/solver:1:2",
        "team/solver@sha256:abc",
        "team/solver@",
        "host.example.com:port/solver",
        "127.0.0.1:99999/solver",
        "-solver",
        "a" * 256,
        "solver:" + "t" * 129,
        "solver\n",
        "team/solver 1",
    ],
)
def test_what_is_no_image_name_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(InvalidImageName, match="is not the name of an image"):
        ImageReference.parse(text)


def text_of(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


references = st.builds(
    ImageReference,
    registry=text_of(r"[a-z][a-z0-9-]{0,8}[a-z0-9]\.[a-z]{2,5}(:[1-9][0-9]{0,3})?"),
    repository=text_of(r"[a-z0-9]{2,9}([._-][a-z0-9]{1,5})?/[a-z0-9]{1,9}"),
    tag=text_of(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
    digest=st.none() | text_of(r"sha256:[a-f0-9]{64}"),
)


@given(references)
def test_a_complete_name_reads_back_as_it_was(reference: ImageReference) -> None:
    assert ImageReference.parse(str(reference)) == reference


def test_a_pinned_name_holds_the_digest_alone() -> None:
    pinned = ImageReference.parse("127.0.0.1:5000/demo/sklearn:1").pinned(DIGEST)

    assert str(pinned) == f"127.0.0.1:5000/demo/sklearn@{DIGEST}"
    assert ImageReference.parse(str(pinned)) == pinned


@pytest.mark.parametrize(
    ("registry", "local"),
    [
        ("127.0.0.1:5000", True),
        ("127.8.9.10", True),
        ("[::1]:5000", True),
        ("localhost:5000", True),
        ("localhost.example.com", False),
        ("10.0.0.1:5000", False),
    ],
)
def test_only_this_machine_is_loopback(registry: str, local: bool) -> None:
    assert is_loopback(ImageReference.parse(f"{registry}/x").host) is local
