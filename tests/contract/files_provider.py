"""A provider whose cloud is a folder: each resource is a JSON file, so that what exists can be counted on disk.

`File` has `content`, `kind` (forces a replacement), `near` (anything; updated in place) and, computed, `size`. An explicit
`label` that stays the same forces delete-before-replace, as names do in real clouds; no two may have one `alone`. A `key`
(which forces a replacement too) is kept as its SHA-1, and never given back by the folder. Files
`within` another are made in one request where they come together, and go with it. A content of "no" is refused; one of
"half" is made, and never becomes usable.

The cloud's own moods are files of the folder: `latency` (seconds that each answer takes), `slow-delete` (seconds for which
a deleted file can still be seen, whatever becomes of who deleted it), `refuses-what-it-made` (a status: each create is
carried out, and then refused with it), `refuses-all-it-made` (the same for the creates of one request), `takes-back` (a
content: its create gets no answer, and what it made goes after a while), `made-late` (a content: its create gets no answer,
and is carried out after a while).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ace.engine.contract import (
    UNKNOWN,
    CloudError,
    CloudIdentity,
    Diff,
    Invoke,
    Live,
    Properties,
    PropertyChange,
)

TOKEN = "files:index:File"
_HOLD_S = 300
TAKEN_BACK_AFTER_S = 0.15
"""Within the time that the folder is given to settle."""
LATE_AFTER_S = 0.1
"""When nobody has looked for it yet but once: the second request is under way."""
PROGRAM = """
import os
import pulumi

class Provider(pulumi.ProviderResource):
    def __init__(self, name, folder, opts=None):
        super().__init__("files", name, {"folder": folder}, opts)

class File(pulumi.CustomResource):
    size: pulumi.Output[int]
    content: pulumi.Output[str]
    def __init__(self, name, opts=None, **props):
        super().__init__("files:index:File", name, {"size": None, **props}, opts)

class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Group", name, None, opts)

folder = Provider("folder", os.environ["FILES_FOLDER"])
on = pulumi.ResourceOptions

def file(name, content="text", **given):
    options = {key: given.pop(key) for key in list(given) if key in (
        "parent", "depends_on", "protect", "delete_before_replace", "aliases", "ignore_changes",
        "retain_on_delete", "additional_secret_outputs", "replace_on_changes", "custom_timeouts", "import_")}
    return File(name, on(provider=folder, **options), content=content, **given)
"""


def sha1(text: str) -> str:
    """What a state keeps of a key."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class FileType:
    """The one resource type; `log` is a file in the folder that counts requests."""

    token = TOKEN
    goes_with = (TOKEN, "within")
    hashed: Mapping[str, Callable[[str], str]] = {"key": sha1}

    def check(self, inputs: Properties) -> Properties:
        return {"kind": "plain", **{key: value for key, value in inputs.items() if value is not None}}

    def diff(self, inputs: Properties, old_inputs: Properties, old_outputs: Properties) -> Diff:
        changes = []
        desired = self.kept(inputs)
        for key in sorted({*inputs, *old_inputs}):
            for path, before, after in differences(key, old_outputs.get(key), desired.get(key)):
                forces = key in ("kind", "label", "key")
                changes.append(PropertyChange(path, before, after, forces_replacement=forces))
        same_label = "label" in inputs and inputs["label"] == old_outputs.get("label")
        return Diff(tuple(changes), delete_before_replace=same_label)

    def together(self, inputs: Properties) -> str | None:
        return inputs.get("within")

    def create_many(self, cloud: Path, many: Sequence[Properties]) -> Sequence[Live | CloudError]:
        take_time(cloud)
        note(cloud, "bulks", str(len(many)))
        if (cloud / "bulk-answer").exists() and (status := int((cloud / "bulk-answer").read_text())) != 200:
            if status == 0:  # all were made, and nobody says so
                for inputs in many[::2]:
                    self._write(cloud, uuid.uuid4().hex, inputs)
            raise CloudError("the folder does not take so many", status=status)
        if status := mood(cloud, "refuses-all-it-made"):
            for inputs in many:
                self._write(cloud, uuid.uuid4().hex, inputs)
            raise CloudError("they overlap with others", status=int(status))
        if any(inputs.get("content") == "no" for inputs in many):
            raise CloudError("the folder refuses them all (400)", status=400)
        return [self._made(cloud, inputs) for inputs in many]

    def _made(self, cloud: Path, inputs: Properties) -> Live | CloudError:
        try:
            return self.create(cloud, inputs)
        except CloudError as error:
            return error

    def create(self, cloud: Path, inputs: Properties) -> Live:
        take_time(cloud)
        wait_if_told(cloud, "create", inputs)
        if any(body.get("alone") and body["alone"] == inputs.get("alone") for _, body in bodies(cloud)):
            raise CloudError(f"there is a file {inputs['alone']!r} already (409)", status=409)
        crash_if_told(cloud, "before-create", inputs)
        if inputs.get("content") == "no":
            raise CloudError("the folder refuses this content (400)", status=400, hint="write another")
        id_ = uuid.uuid4().hex
        if mood(cloud, "made-late") == inputs.get("content"):
            (cloud / "made-late").unlink()
            self._write(cloud, id_, inputs, late_s=LATE_AFTER_S)
            raise CloudError("the folder gave no answer")
        live = self._write(cloud, id_, inputs)
        crash_if_told(cloud, "after-create", inputs)
        if status := mood(cloud, "refuses-what-it-made"):
            raise CloudError(f"it overlaps with another file ({status})", status=int(status))
        if mood(cloud, "takes-back") == inputs.get("content"):
            (cloud / "takes-back").unlink()
            goes_in(cloud, id_, TAKEN_BACK_AFTER_S)
            raise CloudError("the folder gave no answer")
        if inputs.get("content") == "half":
            raise CloudError("it went to ERROR", status=500, made=live)
        return live

    def read(self, cloud: Path, id: str, outputs: Properties) -> Live | None:
        wait_if_told(cloud, "read", outputs)
        sweep(cloud)
        try:
            told = json.loads((cloud / f"{id}.json").read_text())
        except FileNotFoundError:
            return None
        return Live(id, {**told, **{key: outputs[key] for key in self.hashed if key in outputs}}, made_at(cloud, id))

    def kept(self, inputs: Properties) -> Properties:
        return {key: self.hashed[key](str(value)) if key in self.hashed else value for key, value in inputs.items()}

    def read_many(self, cloud: Path, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        found = {id_: self.read(cloud, id_, outputs) for id_, outputs in known}
        return {id_: live for id_, live in found.items() if live is not None}

    def inputs_of(self, live: Live, old_inputs: Properties) -> Properties:
        return {key: value if key in self.hashed else live.outputs.get(key) for key, value in old_inputs.items()}

    def update(self, cloud: Path, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties) -> Live:
        take_time(cloud)
        if inputs.get("content") == "no":
            raise CloudError("the folder refuses this content (400)", status=400)
        return self._write(cloud, id, inputs)

    def delete(self, cloud: Path, id: str, outputs: Properties) -> None:
        take_time(cloud)
        wait_if_told(cloud, "delete", outputs)
        crash_if_told(cloud, "before-delete", outputs)
        if outputs.get("content") == "stuck":
            raise CloudError("the folder keeps this one (409)", status=409)
        note(cloud, "deletes", str(outputs.get("content")))
        goes_in(cloud, id, float(mood(cloud, "slow-delete") or 0))
        while self.read(cloud, id, outputs) is not None:
            time.sleep(0.02)
        crash_if_told(cloud, "after-delete", outputs)

    def find(
        self, cloud: Path, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        for path, outputs in bodies(cloud):
            made = made_at(cloud, path.stem)
            younger = (
                begun is None or not made or inputs.get("within") or datetime.fromisoformat(made).timestamp() >= begun
            )
            same = all(outputs.get(key) == value for key, value in inputs.items() if key not in self.hashed)
            if same and younger and path.stem not in known:
                kept = {key: value for key, value in self.kept(inputs).items() if key in self.hashed}
                return Live(path.stem, {**outputs, **kept}, made)
        return None

    def alike(self, cloud: Path, inputs: Properties) -> Sequence[Live]:
        return [
            Live(path.stem, body, made_at(cloud, path.stem))
            for path, body in bodies(cloud)
            if body.get("alone") and body["alone"] == inputs.get("alone")
        ]

    def _write(self, cloud: Path, id_: str, inputs: Properties, late_s: float = 0) -> Live:
        outputs = {**self.kept(inputs), "id": id_, "size": len(str(inputs.get("content", "")))}
        told = {key: value for key, value in outputs.items() if key not in self.hashed}
        if not (cloud / f"{id_}.made").exists():
            (cloud / f"{id_}.made").write_text(datetime.now(UTC).isoformat())
        (cloud / f"{id_}.new").write_text(json.dumps(told))
        if late_s:
            (cloud / f"{id_}.comes").write_text(str(time.time() + late_s))
        else:
            (cloud / f"{id_}.new").replace(cloud / f"{id_}.json")
        return Live(id_, outputs)


class Folder(type(Path())):  # type: ignore[misc]
    """A cloud's folder, for an operation that may take no longer than `limit_s`."""

    limit_s: float | None = None


def differences(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ, down to the names within."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from differences(f"{path}.{key}", before.get(key), after.get(key))
    elif after is UNKNOWN or before != after:
        yield path, before, after


def bodies(cloud: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All files; one may go while they are read."""
    sweep(cloud)
    for path in cloud.glob("*.json"):
        with suppress(FileNotFoundError):
            yield path, json.loads(path.read_text())


def mood(cloud: Path, name: str) -> str:
    """What a file of the folder's moods says; empty when it is not there."""
    try:
        return (cloud / name).read_text()
    except FileNotFoundError:
        return ""


def made_at(cloud: Path, id_: str) -> str:
    """When the folder got this file."""
    return mood(cloud, f"{id_}.made")


def goes_in(cloud: Path, id_: str, seconds: float) -> None:
    """Let a file go after so many seconds, by the folder itself; one that goes already goes when it was to."""
    if (cloud / f"{id_}.json").exists() and not (cloud / f"{id_}.goes").exists():
        (cloud / f"{id_}.goes-new").write_text(str(time.time() + seconds))
        (cloud / f"{id_}.goes-new").replace(cloud / f"{id_}.goes")
    sweep(cloud)


def sweep(cloud: Path) -> None:
    """Do what was to be done by now: whoever looks sees what a busy cloud would have done by itself."""
    for path in cloud.glob("*.comes"):
        if time.time() >= float(mood(cloud, path.name) or "inf"):
            with suppress(FileNotFoundError):
                path.with_suffix(".new").replace(path.with_suffix(".json"))
                path.unlink(missing_ok=True)
    for path in cloud.glob("*.goes"):
        id_ = path.stem
        if time.time() < float(mood(cloud, path.name) or "inf"):
            continue
        (cloud / f"{id_}.json").unlink(missing_ok=True)
        for other in cloud.glob("*.json"):
            with suppress(FileNotFoundError):
                if json.loads(other.read_text()).get("within") == id_:
                    other.unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def note(cloud: Path, log: str, line: str) -> None:
    """Add a line to one of the folder's logs."""
    with (cloud / log).open("a") as file:
        file.write(f"{line}\n")


def take_time(cloud: Path) -> None:
    """As long as the folder's file `latency` says, in seconds: what a cloud's answer takes."""
    if not (cloud / "latency").exists():
        return
    needed_s, limit_s = float((cloud / "latency").read_text()), getattr(cloud, "limit_s", None)
    if limit_s is not None and needed_s > limit_s:
        time.sleep(limit_s)
        raise CloudError(f"the folder took longer than it may ({limit_s:g} s)", status=504)
    time.sleep(needed_s)


def wait_if_told(cloud: Path, action: str, properties: Properties) -> None:
    """Wait, for as long as the folder's file `hold` names this action on this content; `held` says that it waits."""
    told, deadline = cloud / "hold", time.monotonic() + _HOLD_S
    while told.exists() and told.read_text() == f"{action} {properties.get('content', '')}".strip():
        (cloud / "held").touch()
        if time.monotonic() > deadline:
            raise CloudError("the folder was never told to go on", status=504)
        time.sleep(0.02)


def crash_if_told(cloud: Path, where: str, inputs: Properties) -> None:
    """Die like a power cut when the folder holds a file of that name naming this content."""
    told = cloud / where
    if told.exists() and told.read_text() == inputs.get("content"):
        told.unlink()
        os._exit(9)


class FilesProvider:
    """`Provider` of the package `files`."""

    package = "files"
    version = "1.0.0"
    settling_s = 0.2
    types: Mapping[str, Any] = {TOKEN: FileType()}

    @property
    def invokes(self) -> Mapping[str, Invoke]:
        return {"files:index:count": lambda cloud, _: {"count": len(list(cloud.glob("*.json")))}}

    def configure(self, inputs: Properties, environment: Mapping[str, str]) -> Path:
        return Path(inputs["folder"])

    def clock(self, cloud: Path) -> float:
        return time.time()

    def within(self, cloud: Path, seconds: float) -> Path:
        limited = Folder(cloud)
        limited.limit_s = seconds
        return limited

    def identity(self, cloud: Path) -> CloudIdentity:
        if not cloud.is_dir():
            raise CloudError(f"{cloud} gives no answer", hint="make the folder")
        wait_if_told(cloud, "identity", {})
        marker = cloud / "marker"
        if not marker.exists():
            marker.write_text(uuid.uuid4().hex)
        return CloudIdentity(str(cloud), "here", "default", marker.read_text())
