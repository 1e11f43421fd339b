"""Another name of `orquestra.sdk.secrets`, and of the class that stands for a secret."""

from orquestra.sdk.secret import Secret as Secret
from orquestra.sdk.secrets import *  # noqa: F403
