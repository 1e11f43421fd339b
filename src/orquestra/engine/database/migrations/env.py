"""Alembic's entry point: run the migrations over one connection."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, create_engine, event

from orquestra.engine.database.tables import EnumName, UtcDateTime, metadata


def render_item(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Write our types as SQLAlchemy's own, so that a migration never changes with our code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime()"
    return "sa.String(length=20)" if isinstance(item, EnumName) else False


engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")


# The driver begins no transaction before it changes tables: an upgrade that is interrupted would
# leave a database of neither release.
@event.listens_for(engine, "connect")
def _leave_transactions_to_us(connection: Any, _: object) -> None:
    connection.isolation_level = None


@event.listens_for(engine, "begin")
def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=render_item,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
