"""The page of tickets by a bare Flask, as ``gunicorn tests.bench.bare_app:app``: the raw limit over HTTP.

Its settings are ``BENCH_DATABASE``, a path or a URL, and ``BENCH_SERVICE``. It asks nobody who they are.
"""

import os
import sqlite3
import threading
from typing import Any

import orjson
import psycopg
from flask import Flask, Response, request

from tests.bench import raw
from tests.bench.raw import Bare

PRAGMAS = ("journal_mode = wal", "synchronous = 1", "busy_timeout = 5000", "cache_size = -32000")
SERVICE = int(os.environ["BENCH_SERVICE"])

app = Flask(__name__)
_local = threading.local()


def connected() -> Any:
    """Return this thread's connection, set like the desk's."""
    if not hasattr(_local, "connection"):
        address = os.environ["BENCH_DATABASE"]
        if "://" in address:
            _local.connection = psycopg.connect(address, autocommit=True)
        else:
            _local.connection = sqlite3.connect(address, isolation_level=None)
            for pragma in PRAGMAS:
                _local.connection.execute(f"PRAGMA {pragma}")
    return _local.connection


@app.post("/graphql")
def page() -> Response:
    """Answer as the API does to the operation Tickets, whatever else is asked."""
    asked = orjson.loads(request.get_data())
    data = raw.page(Bare(connected()), SERVICE, asked["variables"]["first"])
    return Response(b'{"data":' + data + b"}", content_type="application/json")
