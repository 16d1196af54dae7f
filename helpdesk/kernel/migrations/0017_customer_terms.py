"""The table by which customers are found, filled from those that there are.

What old processes write beside the new ones is missing in it: once the last of them has ended, ``helpdesk search
rebuild`` makes all terms anew. How a term is made stands here as it was then (kernel/beginnings.py goes on).
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator

COLUMNS = "service_id BIGINT NOT NULL, term VARCHAR(100){collated} NOT NULL, customer_id BIGINT NOT NULL"
KEYS = "PRIMARY KEY (customer_id, term), FOREIGN KEY (customer_id) REFERENCES customer (id)"
LOT = 2_000
LONGEST_TERM = 100
MOST_TERMS = 40
PAIRED = (
    r"\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff\U00020000-\U000323af"
)
START = re.compile(rf"(?<![^\W_])[^\W_]|(?<=[^\W_])[{PAIRED}](?=[{PAIRED}])")
LOCAL, ENDING = "\N{START OF TEXT}", "\N{END OF TEXT}"


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
        terms = _terms_of_number(phone) if is_number else _terms_of(phone or "")
        for text in (name, email, user_key):
            terms |= _terms_of(text or "")
        lines += [(service_id, term, customer_id) for term in sorted(terms)]
    marks = f"({db.param}, {db.param}, {db.param})"
    for start in range(0, len(lines), LOT):
        some = lines[start : start + LOT]
        sql = f"INSERT INTO customer_term (service_id, term, customer_id) VALUES {', '.join([marks] * len(some))}"  # noqa: S608  # marks
        db.execute_sql(sql, [value for line in some for value in line])


def _terms_of(text: str) -> set[str]:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    found: set[str] = set()
    for term in _starting(folded):
        if len(found) == MOST_TERMS:
            break
        found.add(term[:LONGEST_TERM])
    return found


def _starting(text: str) -> Iterator[str]:
    for piece in text.split():
        name, at, domain = piece.partition("@")
        for match in START.finditer(name):
            yield piece[match.start() :]
        if at and domain:
            yield domain


def _terms_of_number(number: str) -> set[str]:
    """Return the terms of a telephone number, which begins with ``+``."""
    written = "".join(filter(str.isdigit, number))
    dialled = re.sub(r"[^0-9]", "", number)
    if number.startswith("+82"):
        local = dialled.removeprefix("82").lstrip("0")
        dialled = local if len(local) == 8 and local.startswith("1") else f"0{local}"
    terms = (dialled, written, LOCAL + dialled[-8:], LOCAL + dialled[-7:], ENDING + dialled[::-1])
    return {term[:LONGEST_TERM] for term in terms}
