"""Pulumi's engine events (sdk/go/common/apitype/events.go) as our steps and events: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ace.engine.contract import (
    UNKNOWN,
    Event,
    Failure,
    Message,
    Op,
    PropertyChange,
    Secret,
    Step,
    StepFinished,
    StepStarted,
)
from ace.engine.pulumi_cli.messages import readable
from ace.engine.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_TEXT

SECRET_TEXT = "[secret]"  # noqa: S105 - it is what Pulumi prints instead of one
_OPS = {
    "same": Op.SAME,
    "create": Op.CREATE,
    "update": Op.UPDATE,
    "replace": Op.REPLACE,
    "delete": Op.DELETE,
    "refresh": Op.REFRESH,
    "import": Op.IMPORT,
}
"""Physical halves of a replacement (`create-replacement`, `delete-replaced`) are progress, not steps of their own."""
_HALVES = {"create-replacement": Op.REPLACE, "delete-replaced": Op.REPLACE}
_STOPPED = re.compile(r"(?:\^C|SIGTERM) received; (?:cancelling|terminating)")
_COLOUR = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")


@dataclass
class Reading:
    """What has been read of one run's event log so far."""

    stack: str
    steps: list[Step] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    refused: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Creates that failed, by URN, as the events have them."""
    summary: Mapping[str, int] = field(default_factory=dict)
    trace: str = ""
    """The program's own traceback, if it ended with one."""
    cancelled: bool = False
    """Whether Pulumi has reported that it was asked to stop, by whomever."""
    _errors: dict[str, str] = field(default_factory=dict)

    def read(self, event: Mapping[str, Any], *, planning: bool) -> list[Event]:
        """Take in one engine event; returns what to send to the sink. In a plan a step counts when it is announced."""
        if metadata := (event.get("resourcePreEvent") or {}).get("metadata"):
            return self._announced(metadata, planning=planning)
        if metadata := (event.get("resOutputsEvent") or {}).get("metadata"):
            return self._finished(metadata, planning=planning)
        if metadata := (event.get("resOpFailedEvent") or {}).get("metadata"):
            return self._failed(metadata)
        if diagnostic := event.get("diagnosticEvent"):
            return self._diagnosed(diagnostic)
        if summary := event.get("summaryEvent"):
            self.summary = summary.get("resourceChanges") or {}
            self.cancelled |= summary.get("result") == "canceled"
        if printed := event.get("stdoutEvent"):
            self.cancelled |= bool(_STOPPED.search(printed.get("message", "")))
        return []

    def _announced(self, metadata: Mapping[str, Any], *, planning: bool) -> list[Event]:
        op = _OPS.get(metadata["op"])
        if planning and op is not None:
            self.steps.append(_step(op, metadata))
        begun = op or _HALVES.get(metadata["op"])
        if planning or begun in (None, Op.SAME) or metadata["op"] == "replace":
            return []
        return [StepStarted(self.stack, _step(begun or Op.SAME, metadata))]

    def _finished(self, metadata: Mapping[str, Any], *, planning: bool) -> list[Event]:
        op = _OPS.get(metadata["op"])
        if planning or op is None:
            return []
        if op is Op.REFRESH:
            op = _refreshed(metadata)
        step = _step(op, metadata)
        self.steps.append(step)
        return [StepFinished(self.stack, step)]

    def _failed(self, metadata: Mapping[str, Any]) -> list[Event]:
        op = _OPS.get(metadata["op"]) or _HALVES.get(metadata["op"]) or Op.UPDATE
        urn = metadata["urn"]
        cause = self._errors.pop(urn, "the step failed")
        self.failures.append(Failure(urn, cause))
        if op in (Op.CREATE, Op.REPLACE):
            self.refused[urn] = metadata
        return [StepFinished(self.stack, _step(op, metadata), error=cause)]

    def _diagnosed(self, diagnostic: Mapping[str, Any]) -> list[Event]:
        text = _COLOUR.sub("", diagnostic.get("message", "")).strip()
        severity, _, stream = diagnostic.get("severity", "info").partition("#")
        if stream == "err":  # what the program printed on standard error
            severity = "warning"
        urn = diagnostic.get("urn", "")
        if not text or diagnostic.get("ephemeral"):
            return []
        if severity == "error":
            if "Traceback (most recent call last)" in text:
                self.trace = text
            known = self._errors.get(urn, "")
            self._errors[urn] = readable(f"{known}\n{text}")
        return [
            Message(self.stack, severity if severity in ("debug", "info", "warning", "error") else "info", text, urn)
        ]

    def unclaimed_errors(self) -> list[Failure]:
        """Errors that belong to no failed step: the program's own, or the CLI's."""
        return [
            Failure(urn if "::pulumi:pulumi:Stack::" not in urn else "", text)
            for urn, text in self._errors.items()
            if not (self.failures and text == "update failed")
        ]


def _step(op: Op, metadata: Mapping[str, Any]) -> Step:
    urn, kind = metadata["urn"], metadata["type"]
    side = metadata.get("new") or metadata.get("old") or {}
    custom = bool(side.get("custom")) and not kind.startswith("pulumi:")
    return Step(op, urn, kind, urn.rsplit("::", 1)[-1], _changes(metadata), custom)


def _changes(metadata: Mapping[str, Any]) -> tuple[PropertyChange, ...]:
    detailed = metadata.get("detailedDiff") or {}
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    changes = []
    for path, difference in sorted(detailed.items()):
        before_in = old.get("inputs") if difference.get("inputDiff") else old.get("outputs")
        changes.append(
            PropertyChange(
                path,
                _at(before_in, path),
                _at(new.get("inputs"), path),
                str(difference.get("diffKind", "")).endswith("replace"),
            )
        )
    return tuple(changes)


def _refreshed(metadata: Mapping[str, Any]) -> Op:
    """What a refresh found: gone, changed or the same."""
    old, new = metadata.get("old"), metadata.get("new")
    if not new:
        return Op.DELETE
    return Op.SAME if (old or {}).get("outputs") == new.get("outputs") else Op.UPDATE


def _at(value: Any, path: str) -> Any:
    """The value at a property path such as `routes[0].destinationCidr`; None where there is none."""
    for part in re.findall(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)', path):
        key = part[0] or part[2]
        if key and isinstance(value, Mapping):
            value = value.get(key)
        elif part[1] and isinstance(value, list) and int(part[1]) < len(value):
            value = value[int(part[1])]
        else:
            return None
    return _plain(value)


def _plain(value: Any) -> Any:
    """The value with `Secret` and `UNKNOWN` for what Pulumi writes in their stead."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return Secret(None)
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value == SECRET_TEXT:
        return Secret(None)
    return UNKNOWN if value == UNKNOWN_TEXT else value
