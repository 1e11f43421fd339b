import pytest

from orquestra.engine.provisioning.failures import explain_launch, explain_pull

PULLS = {
    "reading manifest sha256:00 in localhost:1/a: manifest unknown": "no such image",
    "unauthorized: authentication required": "docker login",
    "pull access denied for a, repository does not exist": "docker login",
    'Get "https://10.0.0.7/v2/": http: server gave HTTP response to HTTPS client': "plain HTTP",
    "tls: failed to verify certificate: x509: unknown authority": "not trusted",
    "dial tcp 127.0.0.1:5059: connect: connection refused": "could not be reached",
    "lookup nohost on 10.0.0.1:53: no such host": "could not be reached",
    "writing blob: write /var/tmp/x: no space left on device": "is full",
}

LAUNCHES = {
    "no such image: localhost/a: image not known": "not present",
    "all predefined address pools have been fully subnetted": "No address range",
    "could not find an available, non-overlapping IPv4 address pool": "No address range",
    "fork/exec /proc/self/exe: cannot allocate memory": "no memory left",
    'exec: "python": executable file not found in $PATH': "does not contain the program",
}


@pytest.mark.parametrize(("reason", "meaning"), PULLS.items())
def test_failed_pull_is_explained_with_the_registrys_own_words(reason, meaning):
    explanation = explain_pull(reason)

    assert meaning in explanation
    assert reason in explanation


@pytest.mark.parametrize(("reason", "meaning"), LAUNCHES.items())
def test_failed_launch_is_explained_with_the_container_engines_own_words(reason, meaning):
    explanation = explain_launch(reason)

    assert meaning in explanation
    assert reason in explanation


def test_unknown_reason_is_passed_on_as_it_is():
    assert explain_pull("the moon is full") == "the moon is full"
