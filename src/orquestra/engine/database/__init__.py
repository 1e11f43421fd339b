"""The database: tables, sessions and migrations. Every state of the engine lives in it.

SQLAlchemy's tables and engine set-up belong here; queries belong to the `store` of each domain.
"""
