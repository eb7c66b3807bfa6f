"""SQLite under services that were written for MySQL.

A transaction that is going to write starts with BEGIN IMMEDIATE. Started with a plain BEGIN it would read first, and be
refused at its first write if another wrote meanwhile (https://www.sqlite.org/isolation.html, SQLITE_BUSY_SNAPSHOT).
Before it starts it waits for its turn (`turns`), which ends with the transaction.

The journal is a write-ahead log with `synchronous = NORMAL`: a killed process loses nothing, a power cut may lose the
last transactions, neither damages the file (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

import sqlalchemy
from drivers.turns import NoTurnError, Turns
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

LOG = logging.getLogger(__name__)
WRITER = "ace_lab_writer"
WAIT_S = 600
"""For a turn, or a connection. Long past the moment when a client has gone: work that was begun is finished, not cut in two."""
POOL_SIZE, MOST_CONNECTIONS = 6, 300
"""Kept and at most open; the one given back last is taken first, so that few grow a page cache."""
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")

_turns: dict[str, Turns] = {}
"""By the database's file."""


class QueuedConnection(sqlite3.Connection):
    """Leaves its turn when its transaction has ended, however it ends."""

    turns: Turns | None = None
    writes: bool = False

    def take_turn(self, turns: Turns) -> None:
        """Wait until nobody else writes.

        Raises:
            sqlite3.OperationalError: The turn did not come; names who has it.
        """
        try:
            turns.take(self, WAIT_S)
        except NoTurnError as error:
            raise sqlite3.OperationalError(f"database is locked: {error}") from None
        self.turns, self.writes = turns, True

    def commit(self) -> None:
        super().commit()  # if it fails, the transaction goes on: a rollback follows
        self._leave()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._leave()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._leave()

    def _leave(self) -> None:
        turns, self.turns, self.writes = self.turns, None, False
        if turns is not None:
            turns.leave(self)


def install() -> None:
    """Make every engine of this process behave so; call once, before the first connection."""
    _mark_writers()
    _keep_connections()
    event.listen(Engine, "connect", _set_pragmas)
    event.listen(Engine, "before_cursor_execute", _in_turn, retval=True)


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
            connect = {**arguments.get("connect_args", {}), "check_same_thread": False, "factory": QueuedConnection}
            arguments |= {
                "poolclass": QueuePool,
                "connect_args": connect,
                "pool_pre_ping": False,
                "pool_use_lifo": True,
            }
            arguments |= {"pool_size": POOL_SIZE, "max_overflow": MOST_CONNECTIONS - POOL_SIZE, "pool_timeout": WAIT_S}
        return create_engine(url, **arguments)

    sqlalchemy.create_engine = create


def _set_pragmas(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = NORMAL")


def _in_turn(
    conn: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    if statement == "BEGIN":
        if conn.get_execution_options().get(WRITER):
            _take_turn(conn)
            statement = "BEGIN IMMEDIATE"
    elif statement.startswith(WRITES) and _take_turn(conn):
        # It works as long as nobody else wrote since it read; then SQLite refuses it, and the service reports it too.
        LOG.warning("a transaction that began as a reader writes: %s", statement.partition("\n")[0][:100])
    return statement, parameters


def _take_turn(conn: Connection) -> bool:
    """Whether the connection had to take it; else it writes already, or is none of ours."""
    connection = conn.connection.dbapi_connection
    if not isinstance(connection, QueuedConnection) or connection.writes:
        return False
    connection.take_turn(_turns.setdefault(str(conn.engine.url.database), Turns()))
    return True
