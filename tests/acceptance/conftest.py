"""Images that users might build."""

import pytest

pytestmark = pytest.mark.containers


@pytest.fixture(params=["containers", "host_processes"])
def either_place(request):
    """Containers of a Compute Engine, then host processes of a local runtime."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def stubborn_image(custom_image):
    """An image with a will of its own: its ENTRYPOINT and CMD would end a node at once."""
    return custom_image("stubborn", 'ENTRYPOINT ["/bin/echo", "never run"]', 'CMD ["nor this"]')


@pytest.fixture(scope="session")
def gnuplot_image(custom_image):
    """An image with a native program from apt, as in the example."""
    return custom_image(
        "gnuplot",
        "USER root",
        "RUN apt-get update && apt-get install --yes --no-install-recommends gnuplot-nox",
        "USER orquestra",
    )
