"""Which clouds.yaml is used, and which cloud each country means by it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ace.errors import UserError

if TYPE_CHECKING:
    from ace.spec.values import Member

VARIABLE = "OS_CLIENT_CONFIG_FILE"
OPENSTACK_PLACES = ("clouds.yaml", "~/.config/openstack/clouds.yaml", "/etc/openstack/clouds.yaml")
"""Where openstacksdk looks, in this order (docs.openstack.org, openstacksdk: Configuration Files)."""


@dataclass(frozen=True, slots=True)
class CloudsFile:
    """One clouds.yaml. `entries` are its clouds; `why` says why it is this file."""

    path: Path
    why: str
    is_lab: bool
    entries: Mapping[str, Mapping[str, Any]]

    def auth_url(self, cloud: str) -> str:
        """The Keystone address of an entry; empty if the file does not say."""
        auth = self.entries[cloud].get("auth")
        return str(auth.get("auth_url", "")) if isinstance(auth, dict) else ""

    def missing(self, member: Member) -> tuple[str, ...]:
        """Entries that the member's data centres need and the file has not."""
        wanted = (data_centre.cloud.cloud for data_centre in member.data_centres)
        return tuple(dict.fromkeys(name for name in wanted if name not in self.entries))

    def __str__(self) -> str:
        return f"{self.path} ({self.why})"


def find(root: Path, *, may_lack: bool = False) -> CloudsFile:
    """`OS_CLIENT_CONFIG_FILE` if set; else this ROOT's lab; else openstacksdk's normal search.

    Args:
        root: ROOT.
        may_lack: Whether one without entries will do when there is none.

    Raises:
        UserError: There is none, or it cannot be read.
    """
    from ace.lab import Lab

    lab_file = Lab(root).clouds_file
    if named := os.environ.get(VARIABLE):
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            raise UserError(
                f"{VARIABLE} names {path}, and there is no such clouds.yaml",
                hint=f"correct or unset {VARIABLE}; without it the lab in {root} is used, if there is one",
                code="no-clouds-file",
            )
        is_lab = lab_file.exists() and path.resolve() == lab_file.resolve()
        return _read(path, VARIABLE + (", this folder's lab" if is_lab else ""), is_lab=is_lab)
    if lab_file.is_file():
        return _read(lab_file, "this folder's lab", is_lab=True)
    for place in OPENSTACK_PLACES:
        path = Path(place).expanduser().absolute()
        if path.is_file():
            return _read(path, "openstacksdk's search", is_lab=False)
    if may_lack:
        return CloudsFile(Path(OPENSTACK_PLACES[0]).absolute(), "which is not there", is_lab=False, entries={})
    raise UserError(
        f"there is no clouds.yaml: {VARIABLE} is not set, {root} has no lab, and none is in "
        f"{', '.join(OPENSTACK_PLACES)}",
        hint="start a lab with `ace lab up`, or write a clouds.yaml with your clouds and name it in " + VARIABLE,
        code="no-clouds-file",
    )


def no_entry(member: Member, missing: tuple[str, ...], file: CloudsFile) -> UserError:
    """What to say of a member whose clouds the file does not know."""
    names = ", ".join(missing)
    hint = f"start it: `ace lab up {member.stack}`" if file.is_lab else f"add it to {file.path}"
    return UserError(
        f"{member.file}: cloud {names} has no entry in {file}; it has: {', '.join(sorted(file.entries)) or 'none'}",
        hint=hint,
        code="no-cloud",
    )


def _read(path: Path, why: str, *, is_lab: bool) -> CloudsFile:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"{path} cannot be read: {first}", hint="correct this clouds.yaml", code="bad-clouds-file"
        ) from None
    clouds = content.get("clouds") if isinstance(content, dict) else None
    if not isinstance(clouds, dict):
        raise UserError(f"{path} has no `clouds:`", hint="it is not a clouds.yaml; correct it", code="bad-clouds-file")
    entries = {str(name): entry if isinstance(entry, dict) else {} for name, entry in clouds.items()}
    return CloudsFile(path, why, is_lab, entries)
