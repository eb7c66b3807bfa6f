"""One run of one stack: what it is given, what it plans, what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ace.engine.values import JsonValue, Properties


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack: which program, under which name, where its state is kept.

    `state_dir` belongs to this stack alone and is made when needed (mode 0700). `environment` is added to the program's
    own (`OS_CLIENT_CONFIG_FILE`, `ACE_SPEC`). `passphrase` encrypts its secrets and never appears in a message.
    """

    name: str
    program_dir: Path
    """The folder of Pulumi.yaml."""
    state_dir: Path
    passphrase: str = field(repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    project: str = "ace"
    organization: str = "organization"
    fingerprint: str = ""
    """Digest of all that the program's goals depend on; empty: not known. An engine may skip what is known to agree."""


class Op(StrEnum):
    """What a step does."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    REFRESH = "refresh"
    IMPORT = "import"
    """What is there already comes under the stack; the cloud does not change."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that differs; `before` or `after` is None where it is added or removed. Secrets are `Secret`."""

    path: str
    before: JsonValue
    after: JsonValue
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done, or done, to one resource."""

    op: Op
    urn: str
    type: str
    name: str
    changes: tuple[PropertyChange, ...] = ()
    custom: bool = True
    """False for components, providers and the stack itself: they exist only in the state."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `up` (or `destroy`) would do. SAME steps are included; component resources and providers too."""

    stack: str
    steps: tuple[Step, ...]

    def count(self, op: Op) -> int:
        """How many steps do that."""
        return sum(1 for step in self.steps if step.op is op)

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.op is not Op.SAME)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step (or the program, urn empty) failed, in a sentence for a person: what the cloud reported, what to do."""

    urn: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an up, refresh or destroy did. It is returned, not raised, when steps failed."""

    stack: str
    steps: tuple[Step, ...]
    """Those that were carried out, SAME included."""
    failures: tuple[Failure, ...] = ()
    interrupted: bool = False
    outputs: Properties = field(default_factory=dict)

    def count(self, op: Op) -> int:
        """How many steps did that."""
        return sum(1 for step in self.steps if step.op is op)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run. `unprotect` names URNs, or is ("*",) for all; `targets` are URNs, empty for everything."""

    parallel: int = 16
    refresh: bool = False
    targets: tuple[str, ...] = ()
    unprotect: tuple[str, ...] = ()
    force: bool = False
    """Go on though more than a third of the stack's resources would be deleted or replaced."""
    no_skip: bool = False
    """Run the program though neither it nor the spec nor the state has changed since they agreed."""
