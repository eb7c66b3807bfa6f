"""What every resource type shares: defaults, differences, drift, adoption. Narrow types have only what is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, ClassVar

from ace.engine.contract import UNKNOWN, Diff, Live, Properties, PropertyChange
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known

_CLOCKS_DIFFER_S = 5
"""A cloud's API hosts and databases agree on the time to that."""
_EMPTY: tuple[Any, ...] = (None, "", [], {})


class OpenStackType:
    """Base of all types.

    A subclass gives the class variables and `create`, `live_of` or `read`, `update`, `delete`, `search`.
    """

    token: ClassVar[str]
    replaces: ClassVar[frozenset[str]] = frozenset()
    """Inputs that cannot be changed in place (the provider's ForceNew); `region` always."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Inputs that the provider fills in when the program does not give them."""
    unordered: ClassVar[frozenset[str]] = frozenset({"tags", "allTags"})
    """Lists whose order means nothing."""
    is_within: ClassVar[bool] = False
    """It lies in a resource of ours, which its inputs name, and which only this stack fills."""
    given_only: ClassVar[frozenset[str]] = frozenset()
    """Inputs that the cloud does not give back, or not as given: compared with what was given before."""
    hashed: ClassVar[Mapping[str, Callable[[str], str]]] = {}
    """See `Hasher.hashed`; the provider's StateFuncs."""

    # -------------------------------------------------------------------------------------------------------- contract

    def check(self, inputs: Properties) -> Properties:
        """The inputs with the provider's defaults."""
        given = {key: value for key, value in inputs.items() if value is not None and key != "__defaults"}
        return {**self.defaults, **given}

    def diff(self, inputs: Properties, old_inputs: Properties, old_outputs: Properties) -> Diff:
        """Compare desired inputs with what is there; see `ResourceType.diff`."""
        changes = []
        for key in sorted({*inputs, *old_inputs} - {"__defaults"}):
            known = old_inputs if key in self.given_only or key in self.hashed else old_outputs
            before, after = known.get(key), inputs.get(key)
            if not self._same(key, before, after) and not self._same_hash(key, old_outputs.get(key), after):
                changes.append(PropertyChange(key, before, after, key in self.replaces or key == "region"))
        return Diff(tuple(changes), delete_before_replace=self._must_go_first(inputs, old_outputs))

    def inputs_of(self, live: Live, old_inputs: Properties) -> Properties:
        """Old inputs with what the cloud has now; what means the same keeps its form."""
        found = {}
        for key, value in old_inputs.items():
            untold = key not in live.outputs or key in self.given_only or key in self.hashed
            now = live.outputs.get(key)
            found[key] = value if untold or self._same(key, now, value) else now
        return found

    def kept(self, inputs: Properties) -> Properties:
        """See `ResourceType.kept`."""
        return {key: self._kept(key, value) for key, value in inputs.items()}

    def find(
        self, cloud: Cloud, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        """The one that has all these inputs; see `ResourceType.find`."""
        for live in self.search(cloud, inputs):
            if live.id not in known and self.may_be_new(cloud, live, begun) and self._is_as_wanted(inputs, live):
                return live
        return None

    def alike(self, cloud: Cloud, inputs: Properties) -> Sequence[Live]:
        """Those of its name and place; see `ResourceType.alike`."""
        return list(self.search(cloud, inputs))

    def may_be_new(self, cloud: Cloud, live: Live, begun: float | None) -> bool:
        """Whether a create begun at that time of the cloud's can have made it.

        What is `within` something of ours is no older than that, and nobody else makes the like of it there. What was
        there when this run first made one of its type is older than all that the run made.
        """
        if self.is_within or begun is None:
            return True
        if live.id in cloud.has_kept(_there_before(self.token), ()):
            return False
        made = _seconds(live.made_at)
        return made is None or made >= begun - _CLOCKS_DIFFER_S

    def note_what_is_there(self, cloud: Cloud, ids: Callable[[], Iterable[str]]) -> None:
        """Remember, before the first create of a type whose clouds do not report when they made it, what is there already."""
        cloud.kept(_there_before(self.token), lambda: frozenset(ids()))

    def _is_as_wanted(self, inputs: Properties, live: Live) -> bool:
        return not self.diff(inputs, inputs, live.outputs).changes

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Candidates for `find`. None: a create of this type may simply be repeated."""
        return ()

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One by one, unless a type knows better."""
        found = {id_: self.read(cloud, id_, outputs) for id_, outputs in known}
        return {id_: live for id_, live in found.items() if live is not None}

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """See `ResourceType.read`."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------- what is known, for `Known.live`

    def given(self, inputs: Properties) -> Known:
        """At a create, and of what a search finds: the inputs, in the form of outputs."""
        return Known(self.kept(inputs))

    @staticmethod
    def last(outputs: Properties) -> Known:
        """At a read: the last outputs, as they are."""
        return Known(outputs)

    def changed(self, inputs: Properties, old_inputs: Properties, old_outputs: Properties) -> Known:
        """At an update: the inputs that changed, and of the last outputs what is not an input's that was taken away."""
        stays = {k: v for k, v in old_outputs.items() if k not in old_inputs or old_inputs[k] == inputs.get(k)}
        return Known({**self.kept(inputs), **stays})

    # ---------------------------------------------------------------------------------------------------------- inside

    def _kept(self, key: str, value: Any) -> Any:
        return self.hashed[key](value) if key in self.hashed and isinstance(value, str) and value else value

    def _same_hash(self, key: str, kept: Any, given: Any) -> bool:
        """Whether outputs keep what is given now, whoever gave it (Pulumi's refresh may leave other inputs behind)."""
        return key in self.hashed and isinstance(given, str) and bool(given) and kept == self._kept(key, given)

    def _must_go_first(self, inputs: Properties, old_outputs: Properties) -> bool:
        """A name that the program gave and keeps: the bridge deletes before it replaces (`nameRequiresDeleteBeforeReplace`)."""
        return bool(inputs.get("name")) and inputs.get("name") == old_outputs.get("name")

    def _same(self, key: str, before: Any, after: Any) -> bool:
        if has_unknown(after):
            return False
        if after in _EMPTY or before in _EMPTY:
            return (after in _EMPTY or after is False) and (before in _EMPTY or before is False)
        if key in self.unordered and isinstance(before, list) and isinstance(after, list):
            return _same_set(before, after)
        return same_value(before, after)


def _there_before(token: str) -> str:
    return f"there before: {token}"


def _seconds(stamp: str) -> float | None:
    """Seconds since the epoch of what services write, in UTC whether they report it or not; None of an empty one."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def same_value(before: Any, after: Any) -> bool:
    """Whether a stored value equals the desired one; of objects only the desired keys count."""
    if isinstance(after, Mapping) and isinstance(before, Mapping):
        return all(same_value(before.get(key), value) for key, value in after.items() if value not in _EMPTY)
    if isinstance(after, list) and isinstance(before, list):
        return len(before) == len(after) and all(same_value(a, b) for a, b in zip(before, after, strict=True))
    return _plain(before) == _plain(after)


def _same_set(before: list[Any], after: list[Any]) -> bool:
    if len(before) != len(after):
        return False
    left = list(before)
    for desired in after:
        match = next((index for index, found in enumerate(left) if same_value(found, desired)), None)
        if match is None:
            return False
        del left[match]
    return True


def _plain(value: Any) -> str:
    """Scalars as the provider compares them: 10, 10.0 and "10" are one, and so are two spellings of a prefix."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if "/" in text or ":" in text:
        try:
            return str(ip_network(text, strict=False)) if "/" in text else str(ip_network(text))
        except ValueError:
            return text
    return text


def has_unknown(value: Any) -> bool:
    """Whether `UNKNOWN` is anywhere in it."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(has_unknown(item) for item in value)
