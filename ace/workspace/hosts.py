"""From a country's code to its hosts: where stack outputs, spec and SSH meet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ace.errors import UserError
from ace.files import put
from ace.fleet.run import Excluded
from ace.spec.values import Member, MemberStatus
from ace.workspace.engines import EngineName
from ace.workspace.selection import Chosen, Selection, members_of, nobody, one, unless_named, why_not
from ace.workspace.workers import worker_of
from ace.workspace.workspace import Workspace, make_private

if TYPE_CHECKING:
    from ace.interconnect.live.shell import SshTarget
    from ace.services.inventory import Inventory
    from ace.services.region import Surroundings
    from ace.services.ssh import SshPlaces


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


def select_hosts(
    workspace: Workspace,
    named: Sequence[str],
    engine: EngineName,
    *,
    among: Collection[str] | None = None,
    remote: bool = False,
    may_be_none: bool = False,
) -> Selection[Hosts]:
    """The hosts of a command's countries: those named, else of every active one whose stack has hosts.

    A country that is not named and whose hosts are not known here is excluded.

    Args:
        workspace: The ROOT.
        named: Codes in any case.
        engine: As asked for.
        among: If none is named: only these countries.
        remote: Whether each must have a worker.
        may_be_none: Whether it will do when no country is chosen.

    Raises:
        UserError: A name is no member's; or there is nothing at all to run, and why.
    """
    countries: dict[str, Chosen[Hosts] | Excluded | UserError] = {}
    reasons: dict[str, Excluded | UserError] = {}
    for member in members_of(workspace, named, among):
        try:
            if (why := why_not(workspace, member, (MemberStatus.ACTIVE,))) is None:
                worker = worker_of(workspace.root, member.stack) if remote else ()
                hosts = replace(hosts_of(workspace, member.stack, engine), worker=worker)
                countries[member.stack] = Chosen(member, hosts)
                continue
        except UserError as error:
            why = error
        reasons[member.stack] = why
        countries[member.stack] = unless_named(why, is_named=bool(named))
    found = Selection(countries)
    if not found.chosen and not may_be_none:
        raise nobody(reasons, "there is no country whose hosts can be reached from here", "no-hosts")
    return found


def ssh_targets(workspace: Workspace, named: Sequence[str], engine: EngineName) -> dict[str, SshTarget]:
    """How to reach the hosts of countries, by host; countries that are not named and have no stack here are left out.

    Raises:
        UserError: A name is no member's; or no country's hosts can be reached from here.
    """
    from ace.interconnect.live.shell import SshTarget

    found: dict[str, SshTarget] = {}
    for hosts in select_hosts(workspace, named, engine).jobs:
        write_ssh_config(workspace, hosts)
        found |= {host.name: SshTarget(host.name, hosts.ssh.config) for host in hosts.inventory.hosts}
    return found


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
