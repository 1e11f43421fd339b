"""What built a workflow definition: this SDK and this Python."""

import sys

from orquestra.sdk.schema import ir
from orquestra.sdk.versions import installed_version


def metadata(*, head_node_image: str | None) -> ir.WorkflowMetadata:
    """The versions of this SDK and this Python; no image means the default one."""
    python = sys.version_info
    return ir.WorkflowMetadata(
        sdk_version=installed_version(),
        python_version=ir.Version(
            original=sys.version,
            major=python.major,
            minor=python.minor,
            patch=python.micro,
            is_prerelease=python.releaselevel != "final",
        ),
        head_node_image=head_node_image or ir.DEFAULT_HEAD_NODE_IMAGE,
    )
