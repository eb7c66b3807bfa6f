"""How OpenSSH reaches a country's hosts: an ssh_config, pure. The same for Ansible and for a person (`ssh -F`).

Hosts are known by their names, whatever address they have today: `HostKeyAlias` makes the pinned key the name's own. ssh
takes the first value that it finds, so what must hold stands before what the user (or a lab) adds, and defaults last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ace.layout import Layout
from ace.services.inventory import Host, Inventory

USER = "debian"
"""Who the image lets in (Debian's cloud images)."""
CONNECT_TIMEOUT_S = 15
ALIVE_S = 3
"""A gateway whose firewall starts to track connections lets one that waits for an answer on only when it speaks again."""
SILENT_S = 60
"""After so long without an answer a connection is given up."""
_SECURITY = (
    "StrictHostKeyChecking yes",
    "GlobalKnownHostsFile /dev/null",
    "UpdateHostKeys no",
    "CheckHostIP no",
    "HashKnownHosts no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "ForwardAgent no",
    "ForwardX11 no",
)
_DEFAULTS = (
    f"User {USER}",
    f"ConnectTimeout {CONNECT_TIMEOUT_S}",
    f"ServerAliveInterval {ALIVE_S}",
    f"ServerAliveCountMax {SILENT_S // ALIVE_S}",
)


@dataclass(frozen=True)
class SshPlaces:
    """The files that SSH into a country needs."""

    config: Path
    """What `render` gives."""
    known_hosts: Path
    includes: Sequence[Path] = ()
    """A lab's ssh_config, or the user's own."""


def places(root: Path, country: str, includes: Sequence[Path] = ()) -> SshPlaces:
    """Where they are kept below ROOT."""
    layout = Layout(root)
    return SshPlaces(layout.ssh_config(country), layout.known_hosts(country), tuple(includes))


def render(inventory: Inventory, at: SshPlaces, control_dir: Path | None = None) -> str:
    """The ssh_config of a country.

    Args:
        inventory: Its hosts.
        at: Where keys are pinned, and what else holds.
        control_dir: Where connections are kept open for the next one; None: they are not.
    """
    blocks = [_block(f"Host {host.name}", _reach(host)) for host in inventory.hosts]
    security = [f"UserKnownHostsFile {_quoted(at.known_hosts)}", *_SECURITY]
    if control_dir is not None:
        security += ["ControlMaster auto", f"ControlPath {_quoted(control_dir)}/%C", "ControlPersist 60"]
    blocks.append(_block("Host *", security))
    blocks += [_block("Match all", [f"Include {_quoted(file)}"]) for file in at.includes]
    blocks.append(_block("Match all", _DEFAULTS))
    return f"# Written by ace for {inventory.country}: ssh -F {at.config} HOST\n\n" + "\n".join(blocks)


def _reach(host: Host) -> list[str]:
    lines = [f"HostName {host.reach.address}", f"HostKeyAlias {host.name}"]
    if host.reach.jump is not None:
        # no BatchMode: a key with a passphrase is the agent's affair
        lines.append(f"ProxyJump {host.reach.jump}")
    return lines


def _block(head: str, lines: Sequence[str]) -> str:
    return head + "\n" + "".join(f"    {line}\n" for line in lines)


def _quoted(path: Path) -> str:
    """A path as ssh_config takes it; a `%` in it would be a token."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if any(character.isspace() for character in text) else text
