"""One stack's state on disk: `state.json`, whole, and `journal.jsonl`, what happened since.

`state.json` is `{"version": 1, "number": n, "identities": {...}, "deployment": {...}}`; the journal's first record names the
number that it goes on from, so that a journal older than its state (a crash between the two writes) is not replayed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from ace.engine import journal
from ace.engine.contract import CloudIdentity, OperationKind, PendingOperation, Resource, Snapshot
from ace.engine.deployment import (
    from_deployment,
    resource_from_json,
    resource_to_json,
    secrets_of,
    to_deployment,
)
from ace.engine.passphrase import PassphraseSecrets
from ace.errors import UserError

_FORMAT: Final = 1
_Key = tuple[str, str, bool]


class JournaledState:
    """`StateStore` over a folder. `load` first; then it takes changes."""

    def __init__(self, state_dir: Path, passphrase: str) -> None:
        self._folder = state_dir
        self._passphrase = passphrase
        self._state, self._journal_path = state_dir / "state.json", state_dir / "journal.jsonl"
        self._lock = threading.Lock()
        self._secrets = PassphraseSecrets(passphrase)
        self._resources: dict[_Key, Resource] = {}
        self._pending: dict[int, PendingOperation] = {}
        self._identities: dict[str, CloudIdentity] = {}
        self._number = 0
        self._next_operation = 1
        self._journal: journal.Journal | None = None
        self.torn = False
        """Whether the last record was cut off by a crash; it was of a step that had not ended, or not begun."""

    # ------------------------------------------------------------------------------------------------------------ read

    def load(self) -> Snapshot:
        """The state as last written, journal replayed; see `StateStore.load`."""
        with self._lock:
            self._load_state()
            read = journal.read(self._journal_path)
            self.torn = read.torn
            records = list(read.records)
            if records and records[0].get("number") != self._number:
                read, records = journal.Read((), 0, 0, torn=False), []  # of an earlier state; all of it is in this one
            self._after = read
            for record in records[1:]:
                self._replay(record)
            return self._snapshot()

    @property
    def secrets(self) -> PassphraseSecrets:
        """What encrypts this state's secrets."""
        return self._secrets

    def _load_state(self) -> None:
        self._resources, self._pending, self._identities = {}, {}, {}
        try:
            text = self._state.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(
                f"{self._state} cannot be read: {error.strerror}",
                hint="check its owner and mode",
                code="state-not-readable",
            ) from None
        try:
            body: dict[str, Any] = json.loads(text)
            version, number = body["version"], body["number"]
            identities = {urn: CloudIdentity(**identity) for urn, identity in body["identities"].items()}
        except (ValueError, KeyError, TypeError):
            raise UserError(
                f"{self._state} is damaged",
                hint=f"put {self._state}.bak in its place (the state before the last run), then `ace refresh` and `ace up`",
                code="damaged-state",
            ) from None
        if version != _FORMAT:
            raise UserError(
                f"{self._state} has format {version}, and this release reads {_FORMAT}",
                hint="use the release that wrote it",
                code="state-format",
            )
        self._secrets = secrets_of(body["deployment"], self._passphrase)
        snapshot = from_deployment(body["deployment"], self._secrets, of_any_feature=True)  # import has looked
        self._number, self._identities = number, identities
        self._resources = {_key(resource): resource for resource in snapshot.resources}
        for pending in snapshot.pending:
            self._pending[self._next_operation] = pending
            self._next_operation += 1

    def _replay(self, record: journal.Record) -> None:
        match record["what"]:
            case "secrets":
                if self._secrets_are_new():
                    self._secrets = PassphraseSecrets(self._passphrase, record["salt"])
            case "begin":
                resource = resource_from_json(record["resource"], self._secrets)
                self._pending[record["operation"]] = PendingOperation(OperationKind(record["kind"]), resource)
                self._next_operation = max(self._next_operation, record["operation"] + 1)
            case "end":
                put = [resource_from_json(body, self._secrets) for body in record["put"]]
                self._apply(record["operation"], put, [(urn, id_, delete) for urn, id_, delete in record["drop"]])
            case "identity":
                self._identities[record["provider"]] = CloudIdentity(**record["identity"])

    def _secrets_are_new(self) -> bool:
        return not self._state.exists()

    def _apply(self, operation: int | None, put: Sequence[Resource], drop: Sequence[_Key]) -> None:
        if operation is not None:
            self._pending.pop(operation, None)
        for key in drop:
            self._resources.pop(key, None)
        for resource in put:
            key = _key(resource)
            if not resource.delete:  # one live resource to a URN, whatever its id was
                for old in [k for k in self._live(resource.urn) if k != key]:
                    self._resources.pop(old)
            self._resources[key] = resource

    def _live(self, urn: str) -> list[_Key]:
        return [key for key in self._resources if key[0] == urn and not key[2]]

    def _snapshot(self) -> Snapshot:
        return Snapshot(tuple(self._resources.values()), tuple(self._pending.values()), dict(self._identities))

    # ----------------------------------------------------------------------------------------------------------- write

    def begin(self, kind: OperationKind, *resources: Resource) -> Sequence[int]:
        """See `StateStore.begin`."""
        with self._lock:
            numbers = range(self._next_operation, self._next_operation + len(resources))
            self._next_operation = numbers.stop
            book = self._open()
            self._pending |= {
                number: PendingOperation(kind, one) for number, one in zip(numbers, resources, strict=True)
            }
        book.append(
            *(
                {"what": "begin", "operation": number, "kind": str(kind), "resource": body}
                for number, body in zip(numbers, (resource_to_json(r, self._secrets) for r in resources), strict=True)
            )
        )
        return numbers

    def end(self, operation: int | None, *, put: Sequence[Resource] = (), drop: Sequence[Resource] = ()) -> None:
        """See `StateStore.end`."""
        with self._lock:
            book = self._open()
            self._apply(operation, put, [_key(resource) for resource in drop])
        book.append(
            {
                "what": "end",
                "operation": operation,
                "put": [resource_to_json(resource, self._secrets) for resource in put],
                "drop": [list(_key(resource)) for resource in drop],
            }
        )

    def settle(
        self,
        pending: PendingOperation,
        now: Resource | None,
        *,
        replaced: Resource | None = None,
        riders: Sequence[Resource] = (),
    ) -> None:
        """Record what became of an operation that a crash left pending: the resource as it is, or none.

        `replaced` is the live one that a create was to replace; it waits to be deleted from now on. `riders` went with it.
        """
        with self._lock:
            operation = next(number for number, known in self._pending.items() if known is pending)
        put = [replace(replaced, delete=True)] if replaced is not None else []
        drop = [pending.resource] if now is None and pending.kind is not OperationKind.CREATING else []
        drop += [*riders, *([replaced] if replaced is not None else [])]
        self.end(operation, put=[*put, *([now] if now is not None else [])], drop=drop)

    def record_identity(self, provider_urn: str, identity: CloudIdentity) -> None:
        """See `StateStore.record_identity`."""
        with self._lock:
            if self._identities.get(provider_urn) == identity:
                return
            self._identities[provider_urn] = identity
            book = self._open()
        book.append({"what": "identity", "provider": provider_urn, "identity": asdict(identity)})

    def compact(self, order: Sequence[Resource]) -> None:
        """See `StateStore.compact`. What is pending stays so; what `order` leaves out comes last, as it was."""
        with self._lock:
            if self._journal is None and self._state.exists():
                return  # nothing happened
            ranks = {_key(resource): rank for rank, resource in enumerate(order)}
            known = sorted(self._resources, key=lambda key: ranks.get(key, len(ranks)))
            self._resources = {key: self._resources[key] for key in known}
            present = {resource.urn for resource in self._resources.values()}
            self._identities = {urn: identity for urn, identity in self._identities.items() if urn in present}
            self._write_state(self._snapshot())
            self._reset_journal()

    def replace_all(self, snapshot: Snapshot, secrets: PassphraseSecrets) -> None:
        """Put another state in place of this one, which is kept as `state.json.bak`."""
        with self._lock:
            self._secrets = secrets
            self._resources = {_key(resource): resource for resource in snapshot.resources}
            self._pending = dict(enumerate(snapshot.pending, start=1))
            self._identities = dict(snapshot.identities)
            self._write_state(snapshot)
            self._reset_journal()

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise journal.cannot_write(self._folder, error) from None

    def _write_state(self, snapshot: Snapshot) -> None:
        self._make_folder()
        self._number += 1
        body = {
            "version": _FORMAT,
            "number": self._number,
            "identities": {urn: asdict(identity) for urn, identity in sorted(snapshot.identities.items())},
            "deployment": to_deployment(replace(snapshot, identities={}), self._secrets),
        }
        if self._state.exists():
            backup = self._state.with_name("state.json.bak")
            journal.write_whole(backup, self._state.read_text(encoding="utf-8"))
        journal.write_whole(self._state, json.dumps(body, indent=1, ensure_ascii=False) + "\n")

    def _reset_journal(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self._journal_path.unlink(missing_ok=True)
        self._after = journal.Read((), 0, 0, torn=False)

    def _open(self) -> journal.Journal:
        if self._journal is None:
            self._make_folder()
            self._journal = journal.Journal(self._journal_path, self._after)
            if not self._after.size:
                self._journal.append({"what": "begins", "number": self._number})
                if self._secrets_are_new():
                    self._journal.append({"what": "secrets", "salt": self._secrets.state})
        return self._journal


def _key(resource: Resource) -> _Key:
    return (resource.urn, resource.id, resource.delete)
