"""Pin the keys of a country's hosts: asks the clouds which servers the hosts are, and reads their console logs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ace.engine.contract import CloudError
from ace.errors import UserError
from ace.files import put
from ace.openstack.cloud import Cloud
from ace.services.host_keys import HostKey, Pin, on_console, pinned, read_pins, to_ask, write_pins
from ace.services.inventory import Inventory

BOOT_S = 240.0
"""How long a server that was just made may take to show its keys."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.3, 5.0


@dataclass(frozen=True)
class Pinning:
    """Who can be trusted to be himself, and why the others cannot, by host."""

    pins: Mapping[str, Pin]
    fresh: tuple[str, ...]
    """Hosts whose keys were taken just now."""
    troubles: Mapping[str, str]


@dataclass(frozen=True)
class _Server:
    id: str
    status: str


def pin(
    inventory: Inventory,
    clouds_file: Path,
    known_hosts: Path,
    cancel: threading.Event,
    report: Callable[[str], None],
    boot_s: float = BOOT_S,
) -> Pinning:
    """Have the keys of all hosts in `known_hosts`; those of servers that are the same as last time stay as they are.

    Args:
        inventory: The country's hosts.
        clouds_file: The clouds.yaml with their clouds.
        known_hosts: Where pins are kept; written when they change.
        cancel: Ends the waiting.
        report: Called with what is waited for.
        boot_s: How long to wait for a new server's keys.

    Raises:
        UserError: A cloud does not answer, or the file cannot be read or written.
    """
    clouds = {
        centre.id: Cloud({"cloud": centre.cloud, "region": centre.region}, {"OS_CLIENT_CONFIG_FILE": str(clouds_file)})
        for centre in inventory.data_centres
    }
    before = _read(known_hosts)
    servers, troubles = _servers(inventory, clouds)
    ids = {host: server.id for host, server in servers.items()}
    asked = to_ask(before, ids)
    centre_of = {host.name: host.data_centre for host in inventory.hosts}
    if asked:
        report(f"host keys of {', '.join(asked)}: from the console")
    deadline = time.monotonic() + boot_s
    seen: dict[str, tuple[HostKey, ...]] = {}
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="ace-console") as pool:
        waiting = {host: pool.submit(_keys, clouds[centre_of[host]], servers[host], deadline, cancel) for host in asked}
        for host, future in waiting.items():
            try:
                seen[host] = future.result()
            except CloudError as error:
                troubles[host] = error.message
    for host in asked:
        if host not in troubles and not seen[host]:
            troubles[host] = (
                f"its host key is not on its console log (server {ids[host]}, {servers[host].status}), so its identity "
                f"cannot be checked"
            )
    gone = {host: found for host, found in before.items() if host not in ids and host in centre_of}
    after = {**gone, **pinned(before, ids, seen)}
    stale = {host for host in asked if host in troubles}
    after = {host: found for host, found in after.items() if host not in stale}
    if after != before:
        _write(known_hosts, after)
    return Pinning(after, tuple(host for host in asked if seen.get(host)), troubles)


def _servers(inventory: Inventory, clouds: Mapping[str, Cloud]) -> tuple[dict[str, _Server], dict[str, str]]:
    """The server that each host is, and what is wrong with the others."""
    found: dict[str, list[_Server]] = {}
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="ace-servers") as pool:
        listed = [pool.submit(cloud.items, "compute", "/servers/detail", "servers") for cloud in clouds.values()]
        try:
            for answer in listed:
                for server in answer.result():
                    one = _Server(str(server["id"]), str(server.get("status", "")))
                    found.setdefault(str(server["name"]), []).append(one)
        except CloudError as error:
            raise UserError(error.message, hint=error.hint, code="cloud-refused") from None
    servers, troubles = {}, {}
    for host in inventory.hosts:
        match found.get(host.name, []):
            case [one]:
                servers[host.name] = one
            case []:
                troubles[host.name] = "its server is not in the cloud any more"
            case several:
                troubles[host.name] = f"{len(several)} servers of this name are in the cloud"
    return servers, troubles


def _keys(cloud: Cloud, server: _Server, deadline: float, cancel: threading.Event) -> tuple[HostKey, ...]:
    """The keys on a server's console, as soon as they are there; none when time is up."""
    pause = _FIRST_PAUSE_S
    while True:
        answer = cloud.request(
            "compute",
            "POST",
            f"/servers/{server.id}/action",
            json={"os-getConsoleOutput": {}},
            doing=f"show the console of server {server.id}",
        )
        keys = on_console(str((answer or {}).get("output") or ""))
        if keys or server.status != "ACTIVE" or time.monotonic() + pause > deadline or cancel.wait(pause):
            return keys
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def _read(file: Path) -> dict[str, Pin]:
    try:
        return read_pins(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{file} cannot be read: {error}", hint="correct or remove it", code="bad-known-hosts"
        ) from None


def _write(file: Path, pins: Mapping[str, Pin]) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(file, write_pins(pins.values()))
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}", code="no-file") from None
