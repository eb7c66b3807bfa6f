"""From a country's code to its hosts: where stack outputs, spec and SSH meet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ace.errors import UserError
from ace.files import put
from ace.workspace.engines import EngineName
from ace.workspace.selection import one
from ace.workspace.workspace import Workspace, make_private

if TYPE_CHECKING:
    from ace.services.inventory import Inventory
    from ace.services.region import Surroundings
    from ace.services.ssh import SshPlaces
    from ace.spec.values import Member


@dataclass(frozen=True, slots=True)
class Hosts:
    """A country's hosts and how they are reached."""

    member: Member
    inventory: Inventory
    ssh: SshPlaces
    worker: tuple[str, ...] = ()
    """The command of the worker that has the keys; none: they are here."""


def hosts_of(workspace: Workspace, named: str, engine: EngineName) -> Hosts:
    """The hosts of a country, from its stack's outputs.

    Raises:
        UserError: It is no member, its state cannot be read, or its stack is incomplete.
    """
    from ace.services import ssh
    from ace.services.inventory import from_outputs

    member = workspace.spec.member(named)
    job = one(workspace, named, engine)
    inventory = from_outputs(member, job.engine.outputs(job.stack))
    return Hosts(member, inventory, ssh.places(workspace.root, member.stack, ssh_includes(workspace)))


def around(workspace: Workspace, member: Member) -> Surroundings:
    """What a country's hosts are told of the region, DS records of the others' zones among it, as far as they are known now."""
    from ace.services import public_facts
    from ace.services.region import surroundings

    known = {
        other.stack: public_facts.ds_records(public_facts.read(workspace.root, other.stack))
        for other in workspace.spec.active
    }
    return surroundings(workspace.spec, member, known)


def ssh_includes(workspace: Workspace) -> tuple[Path, ...]:
    """What else says how SSH reaches hosts: the lab's ssh_config, or the user's own; none if there is none."""
    from ace.lab import underlay

    if workspace.clouds.is_lab:
        under = underlay(workspace.root)
        return (under.ssh_config,) if under is not None else ()
    own = Path.home() / ".ssh" / "config"
    return (own,) if own.is_file() else ()


def write_ssh_config(workspace: Workspace, hosts: Hosts) -> None:
    """Have ROOT/.ace/ssh/<cc>.conf say what the inventory says; a person uses it too.

    Raises:
        UserError: It cannot be written.
    """
    from ace.services import ssh

    make_private(workspace.root)
    text = ssh.render(hosts.inventory, hosts.ssh)
    file = hosts.ssh.config
    try:
        for folder in (file.parent, hosts.ssh.known_hosts.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            put(file, text)
    except OSError as error:
        raise UserError(f"{error.filename or file}: {error.strerror}", code="no-file") from None
