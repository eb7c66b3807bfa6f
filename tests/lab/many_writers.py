"""Run by the lab's own Python: DRIVERS DATABASE. Many threads write to one database as OpenStack's services do, through
oslo.db, on a machine that has too little time for them; prints as JSON what each was answered and what the table then has."""

from __future__ import annotations

import json
import sys
import threading
import time

drivers, database = sys.argv[1:]
sys.path.insert(0, drivers)

from drivers import sqlite  # noqa: E402

sqlite.install()

from oslo_db.sqlalchemy import enginefacade  # noqa: E402
from sqlalchemy import text  # noqa: E402

WRITERS, EACH, HOLD_S, BUSY_TIMEOUT_S = 16, 2, 0.1, 1


@enginefacade.transaction_context_provider
class Context:
    pass


facade = enginefacade.transaction_context()
facade.configure(connection=f"sqlite:///{database}?timeout={BUSY_TIMEOUT_S}")
with facade.writer.using(Context()) as session:
    session.execute(text("create table made (writer integer, number integer)"))
with facade.writer.get_engine().connect() as connection:
    connection.exec_driver_sql("rollback")
    connection.exec_driver_sql("pragma journal_mode = wal")

refused: list[str] = []
acknowledged: list[tuple[int, int]] = []


def write(writer: int) -> None:
    for number in range(EACH):
        try:
            with facade.writer.using(Context()) as mine:
                mine.execute(text("select count(*) from made"))
                time.sleep(HOLD_S)  # what a service computes while it writes
                mine.execute(text("insert into made values (:w, :n)"), {"w": writer, "n": number})
        except Exception as error:
            refused.append(str(error))
        else:
            acknowledged.append((writer, number))


threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

# A writer that asks for a second transaction of its own would wait for itself.
nested = ""
try:
    with facade.writer.using(Context()) as outer:
        outer.execute(text("insert into made values (-1, 0)"))
        with facade.writer.independent.using(Context()) as inner:
            inner.execute(text("insert into made values (-1, 1)"))
except Exception as error:
    nested = str(error)
with facade.writer.using(Context()) as session:
    kept = [tuple(row) for row in session.execute(text("select writer, number from made order by 1, 2"))]
print(json.dumps({"refused": refused, "acknowledged": sorted(acknowledged), "kept": kept, "nested": nested}))
