"""Run by Alembic on the connection that `store.migrate` hands over; there is no offline mode and no alembic.ini."""

from alembic import context

from duologue.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
