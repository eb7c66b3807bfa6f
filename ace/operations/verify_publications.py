"""What the region may believe of publications: who signed them, whether they are fresh, whether the spec denies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ace.errors import UserError
from ace.publication import folder
from ace.publication.values import AnyVerification, Reason, Refused
from ace.publication.verify import read_all, remembering, remembering_signers, signers_of, verify_one
from ace.spec import load
from ace.spec.values import Spec


@dataclass(frozen=True, slots=True)
class VerifiedPublications:
    """What may be believed, by name (`tn`, `hub-tunis`)."""

    verdicts: Mapping[str, AnyVerification]
    remembers: bool
    """Whether ROOT's memory could be read; else it is not known whether one is older than another that was seen."""

    @property
    def refused(self) -> tuple[str, ...]:
        """Names of those that are there and may not be believed."""
        return tuple(name for name, verdict in self.verdicts.items() if isinstance(verdict, Refused))


def verify_publications(spec_dir: Path, files: Sequence[Path] = ()) -> VerifiedPublications:
    """Judge publications by the clock; needs nothing of any country but its publications.

    What is believed of ROOT/publications is remembered, so that an older one is refused later; what is refused changes
    nothing, and files that are named are not remembered.

    Args:
        spec_dir: The spec folder.
        files: Publications; none: all in ROOT/publications.

    Raises:
        UserError: A file does not exist, or the memory is damaged.
    """
    root, spec, now = spec_dir.parent, load(spec_dir), datetime.now(UTC)
    seen = folder.read_seen(root)
    if files:
        named = {file.name.removesuffix(".json"): file for file in files}
        return VerifiedPublications(
            {name: _verdict(file, name, root, spec, now) for name, file in named.items()}, seen is not None
        )
    verdicts = dict(read_all(root, spec, now))
    if seen is not None:
        if (kept := remembering(seen, verdicts)) != seen:
            folder.write_seen(root, kept)
        known = folder.read_signers(root) or {}
        if (signers := remembering_signers(known, spec, verdicts, now.date())) != known:
            folder.write_signers(root, signers)
    return VerifiedPublications(verdicts, seen is not None)


def _verdict(file: Path, name: str, root: Path, spec: Spec, now: datetime) -> AnyVerification:
    """Of one file, by its name."""
    hub = next((hub for hub in spec.region.hubs if name == f"hub-{hub.id}"), None)
    code = hub.hosted_by if hub else name.upper()
    member = next((member for member in spec.members if member.code == code), None)
    if member is None:
        return Refused(Reason.NOT_A_MEMBER, "its file is named after no member and no hub of the region")
    if not file.is_file():
        raise UserError(f"{file}: there is no such file", hint="name a publication such as tn.json", code="no-file")
    seen = (folder.read_seen(root) or {}).get(name)
    keys = signers_of(root, spec, member, (folder.read_signers(root) or {}).get(member.stack), now.date())
    return verify_one(folder.read(file.parent, name), spec, member, hub, keys, now, seen)
