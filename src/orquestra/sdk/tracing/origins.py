"""What built a workflow definition: this SDK and this Python."""

import sys

from orquestra.sdk.code.import_library import installed_sdk_version
from orquestra.sdk.schema import ir


def metadata(*, head_node_image: str | None) -> ir.WorkflowMetadata:
    """The versions of this SDK and this Python; no image means the default one."""
    sdk = installed_sdk_version()
    python = sys.version_info
    return ir.WorkflowMetadata(
        sdk_version=ir.Version(
            original=str(sdk),
            major=sdk.major,
            minor=sdk.minor,
            patch=sdk.micro,
            is_prerelease=sdk.is_prerelease,
        ),
        python_version=ir.Version(
            original=sys.version,
            major=python.major,
            minor=python.minor,
            patch=python.micro,
            is_prerelease=python.releaselevel != "final",
        ),
        head_node_image=head_node_image or ir.DEFAULT_HEAD_NODE_IMAGE,
    )
