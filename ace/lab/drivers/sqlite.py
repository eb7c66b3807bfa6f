"""SQLite under services that were written for MySQL.

A transaction that is going to write starts with BEGIN IMMEDIATE: it then waits for its turn (busy timeout). Started
with a plain BEGIN it would read first, and be refused at its first write if another wrote meanwhile
(https://www.sqlite.org/isolation.html, SQLITE_BUSY_SNAPSHOT).

The journal is a write-ahead log with `synchronous = NORMAL`: a killed process loses nothing, a power cut may lose the
last transactions, neither damages the file (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

WRITER = "ace_lab_writer"
POOL_SIZE, MOST_CONNECTIONS = 6, 100
"""Kept and at most open; the one given back last is taken first, so that few grow a page cache."""


def install() -> None:
    """Make every engine of this process behave so; call once, before the first connection."""
    _mark_writers()
    _keep_connections()
    event.listen(Engine, "connect", _set_pragmas)
    event.listen(Engine, "before_cursor_execute", _begin_immediate, retval=True)


def _mark_writers() -> None:
    factory = enginefacade._TransactionFactory
    create_session, create_connection = factory._create_session, factory._create_connection

    def session(self: Any, mode: Any, bind: Any = None) -> Any:
        if mode is enginefacade._WRITER and bind is None:
            if not self._started:
                self._start()
            bind = self._writer_engine.execution_options(**{WRITER: True})
        return create_session(self, mode, bind=bind)

    def connection(self: Any, mode: Any) -> Any:
        made = create_connection(self, mode)
        return made.execution_options(**{WRITER: True}) if mode is enginefacade._WRITER else made

    factory._create_session, factory._create_connection = session, connection


def _keep_connections() -> None:
    """Pool connections: oslo.db opens a new one for each transaction, and each has to read the whole schema first."""
    create_engine = sqlalchemy.create_engine

    def create(url: Any, **arguments: Any) -> Engine:
        if sqlalchemy.make_url(url).drivername.startswith("sqlite"):
            connect = {**arguments.get("connect_args", {}), "check_same_thread": False}
            arguments |= {
                "poolclass": QueuePool,
                "connect_args": connect,
                "pool_pre_ping": False,
                "pool_use_lifo": True,
            }
            arguments |= {"pool_size": POOL_SIZE, "max_overflow": MOST_CONNECTIONS - POOL_SIZE, "pool_timeout": 60}
        return create_engine(url, **arguments)

    sqlalchemy.create_engine = create


def _set_pragmas(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = NORMAL")


def _begin_immediate(
    conn: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    if statement == "BEGIN" and conn.get_execution_options().get(WRITER):
        statement = "BEGIN IMMEDIATE"
    return statement, parameters
