import os
from multiprocessing import Pipe

import pytest

from orquestra.executor import forks


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # Python 3.12
def test_a_child_does_not_get_what_is_withheld():
    ours, theirs = Pipe()
    with ours, theirs:
        forks.withhold(theirs)

        child = os.fork()
        if child == 0:
            os._exit(0 if theirs.closed else 1)
        _, status = os.waitpid(child, 0)

        assert os.waitstatus_to_exitcode(status) == 0
        assert not theirs.closed
