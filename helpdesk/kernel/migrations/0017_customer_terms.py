"""The table by which customers are found, filled from those that there are.

What old processes write beside the new ones is missing in it: once the last of them has ended, ``helpdesk search
rebuild`` makes all terms anew.
"""

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator

from helpdesk.kernel.beginnings import terms_of, terms_of_phone

COLUMNS = "service_id BIGINT NOT NULL, term VARCHAR(100){collated} NOT NULL, customer_id BIGINT NOT NULL"
KEYS = "PRIMARY KEY (customer_id, term), FOREIGN KEY (customer_id) REFERENCES customer (id)"
LOT = 2_000


def up(_migrator: SchemaMigrator, db: Any) -> None:
    """Make the table and fill it."""
    is_sqlite = isinstance(getattr(db, "obj", db), peewee.SqliteDatabase)
    columns = COLUMNS.format(collated="" if is_sqlite else ' COLLATE "C"')
    db.execute_sql(f"CREATE TABLE customer_term ({columns}, {KEYS}){' WITHOUT ROWID' if is_sqlite else ''}")
    after = 0
    while rows := _customers(db, after):
        _learn(db, rows)
        after = rows[-1][0]
    db.execute_sql(
        "CREATE INDEX customerterm_service_id_term_customer_id ON customer_term (service_id, term, customer_id)"
    )


def _customers(db: Any, after: int) -> list[Any]:
    sql = "SELECT id, service_id, name, email, phone, user_key FROM customer WHERE id > {0} ORDER BY id LIMIT {0}"
    found: list[Any] = db.execute_sql(sql.format(db.param), (after, LOT)).fetchall()
    return found


def _learn(db: Any, rows: list[Any]) -> None:
    lines = []
    for customer_id, service_id, name, email, phone, user_key in rows:
        is_number = (phone or "").startswith("+")
        terms = terms_of_phone(phone) if is_number else terms_of(phone or "")
        for text in (name, email, user_key):
            terms |= terms_of(text or "")
        lines += [(service_id, term, customer_id) for term in sorted(terms)]
    marks = f"({db.param}, {db.param}, {db.param})"
    for start in range(0, len(lines), LOT):
        some = lines[start : start + LOT]
        sql = f"INSERT INTO customer_term (service_id, term, customer_id) VALUES {', '.join([marks] * len(some))}"  # noqa: S608  # marks
        db.execute_sql(sql, [value for line in some for value in line])
