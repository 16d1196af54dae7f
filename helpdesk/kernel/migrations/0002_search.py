"""The table that is searched: FTS5 kept up by triggers on SQLite, a tsvector with a GIN index on PostgreSQL."""

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator

SQLITE = (
    "CREATE TABLE search_entry (id INTEGER NOT NULL PRIMARY KEY, subject VARCHAR(32) NOT NULL,"
    " subject_id BIGINT NOT NULL, service_id BIGINT NOT NULL, weight INTEGER NOT NULL, terms TEXT NOT NULL)",
    "CREATE INDEX searchentry_subject_subject_id ON search_entry (subject, subject_id)",
    "CREATE VIRTUAL TABLE search_index USING fts5(terms, content='search_entry', content_rowid='id', columnsize=0,"
    " tokenize=\"ascii tokenchars '@.+-_%'\")",
    "CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN"
    " INSERT INTO search_index(rowid, terms) VALUES (new.id, new.terms); END",
    "CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN"
    " INSERT INTO search_index(search_index, rowid, terms) VALUES ('delete', old.id, old.terms); END",
    "CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN"
    " INSERT INTO search_index(search_index, rowid, terms) VALUES ('delete', old.id, old.terms);"
    " INSERT INTO search_index(rowid, terms) VALUES (new.id, new.terms); END",
)
POSTGRES = (
    "CREATE TABLE search_entry (id BIGSERIAL NOT NULL PRIMARY KEY, subject VARCHAR(32) NOT NULL,"
    " subject_id BIGINT NOT NULL, service_id BIGINT NOT NULL, weight INTEGER NOT NULL, terms TSVECTOR NOT NULL)",
    "CREATE INDEX searchentry_subject_subject_id ON search_entry (subject, subject_id)",
    "CREATE INDEX search_entry_terms ON search_entry USING gin (terms)",
)


def up(_migrator: SchemaMigrator, db: Any) -> None:
    """Make the table and what keeps it searchable."""
    is_sqlite = isinstance(getattr(db, "obj", db), peewee.SqliteDatabase)
    for statement in SQLITE if is_sqlite else POSTGRES:
        db.execute_sql(statement)
