#!/usr/bin/python
"""Makes the tunnels and BGP sessions of a gateway or hub those of its rendered files, by what runs and not by files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: interconnect_gateway
short_description: Configure WireGuard interfaces and FRR from the interconnect's rendered files
description:
  - Interfaces that are not named go, those that are missing come up, and a changed peer is synchronised in place
    (C(wg syncconf)); FRR takes over differences (C(frr-reload.py)). Nothing else is touched, so no other session drops.
  - The private key is read from the host's own file; it is neither passed nor returned.
  - Sessions that were up before and are still in the plan must be up again in time, or the module fails and names them.
options:
  frr:
    description: The whole frr.conf.
    type: str
    required: true
  tunnels:
    description: Text of each WireGuard file, by interface.
    type: dict
    required: true
  key:
    description: Where the private key is.
    type: path
    default: /etc/wireguard/private.key
  settle_s:
    description: How long to wait for sessions, in seconds.
    type: int
    default: 40
author: [ACE]
"""
EXAMPLES = r"""
- name: Configure tunnels and sessions
  interconnect_gateway:
    frr: "{{ lookup('ansible.builtin.file', 'frr.conf', rstrip=false) }}"
    tunnels: {wg-h9010g1: "{{ lookup('ansible.builtin.file', 'wg-h9010g1.conf', rstrip=false) }}"}
"""
RETURN = r"""
changes:
  description: What was, or in check mode would be, done.
  type: list
  elements: str
  returned: always
"""
FOLDER = "/etc/wireguard"
FRR = "/etc/frr/frr.conf"
REVERSE_PATH = "/proc/sys/net/ipv4/conf"
RELOAD = "/usr/lib/frr/frr-reload.py"
DRAINED = "/run/ace/drain"
"""While it is there the host is drained: its routes carry that to all neighbours (RFC 8326)."""
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
INTERFACE = re.compile(r"wg-[a-z0-9]{1,12}\Z")


class GatewayError(Exception):
    """Something that the operator has to know."""


def run(*command: str, text: str | None = None, check: bool = True) -> str:
    """A command's output."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=120, env=ENVIRONMENT, check=False
    )
    if check and done.returncode:
        output = (done.stderr + done.stdout).strip()[-1500:]
        raise GatewayError(f"{' '.join(command)[:200]}: {output or f'exit code {done.returncode}'}")
    return done.stdout


def with_key(text: str, private_key: str) -> str:
    """A rendered tunnel with the host's own private key."""
    return text.replace("[Interface]\n", f"[Interface]\nPrivateKey = {private_key}\n", 1)


def settings(text: str) -> dict[str, str]:
    """The settings of a tunnel's file."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def with_drain(text: str) -> str:
    """A frr.conf that asks all neighbours to prefer others (RFC 8326)."""
    return re.sub(r"^(router bgp \d+)$", r"\1\n bgp graceful-shutdown", text, count=1, flags=re.MULTILINE)


def write(path: str, text: str, mode: int, owner: str | None = None) -> None:
    """Write a file atomically."""
    temporary = f"{path}.ace"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    if owner is not None:
        run("chown", f"{owner}:{owner}", temporary)
    os.replace(temporary, path)


def read(path: str) -> str:
    """A file's text; empty when there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def running(interface: str) -> dict[str, Any] | None:
    """What the kernel (or wireguard-go) has; None: the interface is not there."""
    dump = run("wg", "show", interface, "dump", check=False).splitlines()
    if not dump:
        return None
    own = dump[0].split("\t")
    peers = [line.split("\t") for line in dump[1:]]
    address = json.loads(run("ip", "-json", "address", "show", "dev", interface, check=False) or "[]")
    infos = [
        f"{info['local']}/{info['prefixlen']}"
        for link in address
        for info in link.get("addr_info", [])
        if info.get("scope") == "global"
    ]
    return {
        "private": own[0],
        "port": own[2],
        "peers": {peer[0]: sorted(peer[3].split(",")) for peer in peers},
        "addresses": infos,
        "mtu": str(address[0]["mtu"]) if address else "",
    }


def converge_tunnels(tunnels: dict[str, str], key_file: str, check: bool) -> list[str]:
    """Interfaces as desired; returns what was done."""
    private_key = read(key_file).strip()
    if not private_key:
        raise GatewayError(f"{key_file}: no private key; run `ace configure` first")
    changes: list[str] = []
    there = {name[:-5] for name in os.listdir(FOLDER) if name.startswith("wg-") and name.endswith(".conf")}
    for interface in sorted(there - set(tunnels)):
        changes.append(f"{interface}: removed")
        if not check:
            run("systemctl", "disable", "--now", f"wg-quick@{interface}", check=False)
            os.unlink(f"{FOLDER}/{interface}.conf")
    fresh: list[str] = []
    for interface, text in sorted(tunnels.items()):
        if not INTERFACE.match(interface):
            raise GatewayError(f"{interface[:40]!r} is not the name of a tunnel")
        if "PLACEHOLDER" in text:
            raise GatewayError(f"{interface}: its far end has published no key; nothing was changed")
        path, desired = f"{FOLDER}/{interface}.conf", with_key(text, private_key)
        if read(path) != desired:
            changes.append(f"{path}: written")
            if not check:
                write(path, desired, 0o600)
        now, want = running(interface), settings(text)
        if now is None or want["Address"] not in now["addresses"] or now["mtu"] != want["MTU"]:
            changes.append(f"{interface}: {'started' if now is None else 'restarted'}")
            fresh.append(interface)
        elif (now["private"], now["port"], now["peers"]) != (
            private_key,
            want["ListenPort"],
            {want["PublicKey"]: sorted(part.strip() for part in want["AllowedIPs"].split(","))},
        ):
            changes.append(f"{interface}: synchronised")
            if not check:
                run("wg", "syncconf", interface, "/dev/stdin", text=run("wg-quick", "strip", path))
    if check:
        return changes
    if fresh:
        units = [f"wg-quick@{interface}" for interface in fresh]
        run("systemctl", "reset-failed", *units, check=False)
        run("systemctl", "restart", *units)
    enabled = run("systemctl", "is-enabled", *(f"wg-quick@{name}" for name in sorted(tunnels)), check=False).split()
    missing = [name for name, state in zip(sorted(tunnels), enabled, strict=False) if state != "enabled"]
    if missing:
        changes += [f"{name}: enabled at boot" for name in missing if name not in fresh]
        run("systemctl", "enable", "--no-reload", "--quiet", *(f"wg-quick@{name}" for name in missing))
    return changes


def converge_reverse_path(interfaces: list[str], check: bool) -> list[str]:
    """The kernel's reverse-path check is off where tunnels are: the way back may be another's; returns what was done."""
    changes: list[str] = []
    for name in ["all", *interfaces]:
        path = f"{REVERSE_PATH}/{name}/rp_filter"
        if os.path.exists(path) and read(path).strip() != "0":
            changes.append(f"net.ipv4.conf.{name}.rp_filter: 0")
            if not check:
                with open(path, "w", encoding="utf-8") as stream:
                    stream.write("0")
    return changes


def converge_frr(text: str, check: bool) -> list[str]:
    """FRR runs what the file contains; returns what was done."""
    desired = with_drain(text) if os.path.exists(DRAINED) else text
    trial = f"{FRR}.trial"
    write(trial, desired, 0o640, "frr")
    try:
        run("vtysh", "-C", "-f", trial)
        differences = [
            line
            for line in run(RELOAD, "--test", "--stdout", trial).splitlines()
            if line and not line.startswith(("20", "Lines To", "=", "Called via", "Loading Config"))
        ]
        changes = differences
        if read(FRR) != desired:
            changes = [*changes, f"{FRR}: written"]
        if check or not changes:
            return changes
        write(FRR, desired, 0o640, "frr")
        if differences:
            run(RELOAD, "--reload", FRR)
            for family in ("ipv4", "ipv6"):  # a changed prefix list counts for what comes after it, unless one asks
                run("vtysh", "-c", f"clear bgp {family} unicast * soft")
        return changes
    finally:
        os.unlink(trial)


def sessions() -> dict[str, bool]:
    """Neighbours, and whether all of their address families are up.

    Raises:
        GatewayError: FRR does not report it: that is not "no neighbours".
    """
    output = run("vtysh", "-c", "show bgp summary json")
    try:
        families = json.loads(output)
    except ValueError:
        raise GatewayError(f"FRR does not report which sessions are up: {output.strip()[:200] or 'nothing'}") from None
    found: dict[str, bool] = {}
    for family in families.values():
        for address, peer in (family.get("peers") or {}).items():
            found[address] = found.get(address, True) and peer.get("state") == "Established"
    return found


def settle(before: dict[str, bool], within_s: int) -> None:
    """Wait until what was up, and is still desired, is up again.

    Raises:
        GatewayError: It is not.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            now = sessions()
        except GatewayError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
            continue
        worse = sorted(address for address, up in before.items() if up and not now.get(address, True))
        if not worse:
            return
        if time.monotonic() > deadline:
            raise GatewayError(
                f"worse than before: {len(worse)} sessions that were up are not up again after {within_s} s: "
                f"{', '.join(worse)}; the roll-out stops here, other gateways are as they were"
            )
        time.sleep(0.5)


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "frr": {"type": "str", "required": True},
            "tunnels": {"type": "dict", "required": True},
            "key": {"type": "path", "default": "/etc/wireguard/private.key", "no_log": False},
            "settle_s": {"type": "int", "default": 40},
        },
        supports_check_mode=True,
    )
    try:
        before = sessions()
        changes = converge_tunnels(module.params["tunnels"], module.params["key"], module.check_mode)
        changes += converge_reverse_path(sorted(module.params["tunnels"]), module.check_mode)
        changes += converge_frr(module.params["frr"], module.check_mode)
        if changes and not module.check_mode:
            settle(before, module.params["settle_s"])
    except (GatewayError, OSError, subprocess.TimeoutExpired) as error:
        module.fail_json(msg=str(error))
    diff = {"before": "", "after": "".join(f"{change}\n" for change in changes)}
    module.exit_json(changed=bool(changes), changes=changes, diff=diff)


if __name__ == "__main__":
    main()
