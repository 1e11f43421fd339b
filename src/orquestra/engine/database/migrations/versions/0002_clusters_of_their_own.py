"""Run clusters of their own, tasks as their attempts, places of values.

Runs that are there keep what can be seen of them. Each gets a run cluster with its own id, of
which nothing is left: heads of the earlier release do not understand this one, so runs that were
executing have failed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INTERRUPTED = (
    "The engine was upgraded to a release that cannot go on with it. Submit the workflow again."
)


def upgrade() -> None:
    _end_executing_runs()
    _make_clusters()
    _move_pools()
    _move_nodes()
    _move_runs()
    _move_attempts()
    _move_artifacts()
    op.drop_table("task_runs")
    op.drop_table("pools")


def downgrade() -> None:
    raise NotImplementedError(
        "There is no way back to the tables of the earlier release: shared clusters and places "
        "of values do not fit into them. Restore the copy of engine.db from before the upgrade."
    )


def _end_executing_runs() -> None:
    for table in (
        sa.table("task_attempts", *map(sa.column, ("run_id", "state", "ended_at"))),
        sa.table("task_runs", *map(sa.column, ("run_id", "state", "ended_at"))),
    ):
        op.execute(
            sa.update(table)
            .where(
                table.c.state == "RUNNING",
                table.c.run_id.in_(sa.text("SELECT id FROM runs WHERE executing")),
            )
            .values(state="FAILED", ended_at=sa.func.current_timestamp())
        )
    op.execute(
        sa.text(
            """UPDATE runs SET state = 'FAILED', message = :message
            WHERE executing AND state IN ('WAITING', 'RUNNING')"""
        ).bindparams(message=_INTERRUPTED)
    )
    op.execute("UPDATE runs SET executing = FALSE, ended_at = CURRENT_TIMESTAMP WHERE executing")


def _make_clusters() -> None:
    op.create_table(
        "clusters",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("head_image", sa.String(), nullable=False),
        sa.Column("head_cpu", sa.Double(), nullable=False),
        sa.Column("head_memory", sa.BigInteger(), nullable=False),
        sa.Column("head_launches", sa.Integer(), nullable=False),
        sa.Column("head_launched_at", sa.DateTime(), nullable=True),
        sa.Column("head_began_at", sa.DateTime(), nullable=True),
        sa.Column("head_address", sa.String(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("clusters_unreleased", "clusters", ["released"])
    op.execute(
        """INSERT INTO clusters
        SELECT id, FALSE, created_at, head_image, head_cpu, head_memory, head_launches,
            head_launched_at, head_began_at, NULL, TRUE, TRUE
        FROM runs"""
    )
    # Who told what counts as long as a cluster exists, and none of these does.
    op.drop_table("event_cursors")
    op.create_table(
        "event_cursors",
        sa.Column("cluster_id", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cluster_id"], ["clusters.id"]),
        sa.PrimaryKeyConstraint("cluster_id", "sender"),
    )


def _move_pools() -> None:
    op.create_table(
        "cluster_pools",
        sa.Column("cluster_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("pinned_image", sa.String(), nullable=False),
        sa.Column("min_nodes", sa.Integer(), nullable=False),
        sa.Column("max_nodes", sa.Integer(), nullable=False),
        sa.Column("cpu", sa.Double(), nullable=False),
        sa.Column("memory", sa.BigInteger(), nullable=False),
        sa.Column("gpu", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cluster_id"], ["clusters.id"]),
        sa.PrimaryKeyConstraint("cluster_id", "id"),
    )
    op.execute(
        """INSERT INTO cluster_pools
        SELECT run_id, id, image, pinned_image, 0, max_nodes, cpu, memory, gpu FROM pools"""
    )
    op.create_table(
        "run_pools",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("max_nodes", sa.Integer(), nullable=False),
        sa.Column("invocations", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id", "pool_id"),
    )
    op.execute(
        """INSERT INTO run_pools
        SELECT run_id, id, max_nodes, (
            SELECT json_group_array(invocation_id) FROM (
                SELECT invocation_id FROM task_runs
                WHERE task_runs.run_id = pools.run_id AND task_runs.pool_id = pools.id
                ORDER BY position
            )
        ) FROM pools"""
    )


def _move_nodes() -> None:
    op.rename_table("nodes", "old_nodes")
    op.create_table(
        "nodes",
        sa.Column("cluster_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("pinned_image", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(), nullable=False),
        sa.Column("pulled_at", sa.DateTime(), nullable=True),
        sa.Column("launched_at", sa.DateTime(), nullable=True),
        sa.Column("joined_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cluster_id", "pool_id"], ["cluster_pools.cluster_id", "cluster_pools.id"]
        ),
        sa.PrimaryKeyConstraint("cluster_id", "id"),
    )
    op.execute(
        """INSERT INTO nodes
        SELECT run_id, id, pool_id, NULL, request_id, tags, state, message, requested_at, NULL,
            launched_at, joined_at, ended_at
        FROM old_nodes"""
    )
    op.execute(
        """UPDATE nodes SET state = 'STOPPED', ended_at = CURRENT_TIMESTAMP
        WHERE state NOT IN ('STOPPED', 'FAILED')"""
    )
    op.drop_table("old_nodes")
    op.create_index("nodes_of_image", "nodes", ["pinned_image", "joined_at"])


def _move_runs() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.drop_index("runs_unreleased")
        runs.drop_index("runs_by_owner")
        runs.add_column(sa.Column("cluster_id", sa.String(), nullable=True))
        runs.add_column(sa.Column("working_directory", sa.String(), nullable=True))
        runs.add_column(sa.Column("heads_lost", sa.Integer(), nullable=True))
    op.execute("UPDATE runs SET cluster_id = id, heads_lost = max(head_launches - 1, 0)")
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("cluster_id", existing_type=sa.String(), nullable=False)
        runs.alter_column("heads_lost", existing_type=sa.Integer(), nullable=False)
        runs.create_foreign_key("runs_cluster", "clusters", ["cluster_id"], ["id"])
        for name in (
            "released",
            "head_image",
            "head_cpu",
            "head_memory",
            "head_launches",
            "head_launched_at",
            "head_began_at",
        ):
            runs.drop_column(name)
        filters = ["state", "definition_id", "workspace_id", "project_id"]
        runs.create_index("runs_by_owner", ["owner", "created_at", "id", *filters])
        runs.create_index("runs_by_state", ["owner", "state", "created_at", "id"])
        runs.create_index("runs_by_definition", ["definition_id", "created_at", "id"])
        runs.create_index("runs_executing", ["executing", "cluster_id", "created_at", "id"])
        runs.create_index("runs_of_cluster", ["cluster_id", "created_at"])


def _move_attempts() -> None:
    with op.batch_alter_table("task_attempts") as attempts:
        attempts.add_column(
            sa.Column("final", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        attempts.add_column(sa.Column("ready_at", sa.DateTime(), nullable=True))
        attempts.add_column(sa.Column("worker_ready_at", sa.DateTime(), nullable=True))
    # Of a task that has ended for good, the last attempt is what ended it.
    op.execute(
        """UPDATE task_attempts SET final = TRUE
        WHERE EXISTS (
            SELECT 1 FROM task_runs
            WHERE task_runs.run_id = task_attempts.run_id
                AND task_runs.invocation_id = task_attempts.invocation_id
                AND task_runs.state NOT IN ('WAITING', 'RUNNING')
        ) AND attempt = (
            SELECT max(other.attempt) FROM task_attempts AS other
            WHERE other.run_id = task_attempts.run_id
                AND other.invocation_id = task_attempts.invocation_id
        )"""
    )
    with op.batch_alter_table("task_attempts") as attempts:
        attempts.alter_column("final", existing_type=sa.Boolean(), server_default=None)


def _move_artifacts() -> None:
    with op.batch_alter_table("artifacts") as artifacts:
        artifacts.add_column(
            sa.Column("offset", sa.BigInteger(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("artifacts") as artifacts:
        artifacts.alter_column("offset", existing_type=sa.BigInteger(), server_default=None)
