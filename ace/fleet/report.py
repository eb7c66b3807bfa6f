"""What a run did: one record per country, as JSON of a published form (`run-report.schema.json` beside this file)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from ace import documents
from ace.errors import ExitCode
from ace.files import put, timestamp, timestamp_in_name
from ace.fleet.run import Result

SCHEMA: Final = "ace/run-report/v1"
SCHEMA_FILE: Final = Path(__file__).with_name("run-report.schema.json")


class Action(StrEnum):
    """What is done to each stack."""

    PREVIEW = "preview"
    UP = "up"
    REFRESH = "refresh"
    DRIFT = "drift"
    DOWN = "down"

    @property
    def acts(self) -> bool:
        """Whether it changes a cloud or a state."""
        return self not in (Action.PREVIEW, Action.DRIFT)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many real resources were (or, in a preview, would be) created, updated, ...; components do not count."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    same: int = 0

    @property
    def changes(self) -> int:
        """All but those that stay the same."""
        return self.create + self.update + self.replace + self.delete


@dataclass(frozen=True, slots=True)
class CountryDocument:
    """One country's part of a run. Times are UTC, null where it was never begun."""

    result: Result
    reason: str
    """A stable kebab-case word; empty when it went well."""
    cause: str
    """A sentence for a person; empty when it went well."""
    started: str | None
    ended: str | None
    create: int
    """How many real resources were created; components do not count."""
    update: int
    replace: int
    delete: int
    same: int
    engine: str
    """`pulumi` or `embedded`; empty where none ran."""


@dataclass(frozen=True, slots=True)
class RunDocument:
    """One run of one action over many countries, in the order of their codes."""

    id: str
    action: Action
    started: str
    ended: str
    exit_code: int
    countries: Mapping[str, CountryDocument]


@dataclass(frozen=True, slots=True)
class CountryReport:
    """One country's part. Times are UTC (None: it was never begun)."""

    result: Result
    reason: str = ""
    """A stable kebab-case word; empty when it went well."""
    cause: str = ""
    """A sentence for a person; empty when it went well."""
    started: datetime | None = None
    ended: datetime | None = None
    counts: Counts = field(default_factory=Counts)
    engine: str = ""

    @property
    def document(self) -> CountryDocument:
        """As JSON."""
        return CountryDocument(
            self.result,
            self.reason,
            self.cause,
            _stamp(self.started) if self.started is not None else None,
            _stamp(self.ended) if self.ended is not None else None,
            **asdict(self.counts),
            engine=self.engine,
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of one action over many countries."""

    id: str
    action: Action
    started: datetime
    ended: datetime
    exit_code: ExitCode
    countries: Mapping[str, CountryReport]

    @property
    def document(self) -> RunDocument:
        """As JSON."""
        return RunDocument(
            self.id,
            self.action,
            _stamp(self.started),
            _stamp(self.ended),
            int(self.exit_code),
            {name: self.countries[name].document for name in sorted(self.countries)},
        )

    def write(self, file: Path) -> None:
        """Write it to a file, whole or not at all.

        Raises:
            OSError: It cannot be written.
        """
        put(file, documents.text(SCHEMA, self.document))

    def write_into(self, folder: Path) -> Path:
        """Write it into a folder of runs, under a name that sorts by time; returns the file.

        Raises:
            OSError: It cannot be written.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{timestamp_in_name(self.started)}-{self.action}-{self.id}.json"
        self.write(file)
        return file


def new_id() -> str:
    """Eight hex digits that name a run."""
    return secrets.token_hex(4)


def _stamp(moment: datetime) -> str:
    return timestamp(moment, timespec="milliseconds")
