"""Users with tokens that can be taken back, workspaces with members and projects, secrets."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_tables()
    op.create_index(
        "runs_by_workspace",
        "runs",
        ["workspace_id", "created_at", "id", "state", "definition_id", "project_id"],
    )
    for statement in _KNOWN_SO_FAR:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("runs_by_workspace", "runs")
    for table in ("secrets", "projects", "members", "workspaces", "revoked_tokens", "users"):
        op.drop_table(table)


# Whoever has owned something is a user, with a personal workspace, and all that they own is there.
# The workspaces and projects of earlier releases were any text, which showed nobody anything: they
# may be the names of users who come later, or be no ids at all, and who shares them is not known.
_KNOWN_SO_FAR = (
    """
    INSERT INTO users (id, is_admin, removed, created_at)
    SELECT owner, 0, 0, MIN(created_at) FROM definitions GROUP BY owner
    """,
    "UPDATE definitions SET workspace_id = owner, project_id = 'default'",
    "UPDATE runs SET workspace_id = owner, project_id = 'default'",
    """
    INSERT INTO workspaces (id, display_name, description, created_by, created_at, updated_at)
    SELECT id, id, '', id, created_at, created_at FROM users
    """,
    "INSERT INTO members (user_id, workspace_id, role) SELECT id, id, 'OWNER' FROM users",
    """
    INSERT INTO projects
        (workspace_id, id, display_name, description, created_by, created_at, updated_at)
    SELECT id, 'default', 'default', '', created_by, created_at, created_at FROM workspaces
    """,
)


def _create_tables() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("tokens_valid_from", sa.DateTime(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "workspaces",
        *_described(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "members",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("user_id", "workspace_id"),
    )
    op.create_index("members_of_workspace", "members", ["workspace_id"])
    op.create_table(
        "projects",
        sa.Column("workspace_id", sa.String(), nullable=False),
        *_described(),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
    )
    op.create_table(
        "secrets",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("workspace_id", "name"),
    )


def _described() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    ]
