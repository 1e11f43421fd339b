"""Lengths of maps, results that later runs may use again, and what a new head goes on with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "map_lengths",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("invocation_id", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id", "invocation_id"),
    )
    op.create_table(
        "cached_results",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("artifacts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("owner", "key"),
    )
    op.add_column("task_attempts", sa.Column("cause", sa.String(20), nullable=True))
    op.add_column("runs", sa.Column("commits", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "commits")
    op.drop_column("task_attempts", "cause")
    op.drop_table("cached_results")
    op.drop_table("map_lengths")
