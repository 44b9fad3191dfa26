"""Migrations of the database: Alembic revisions, applied in one transaction."""
