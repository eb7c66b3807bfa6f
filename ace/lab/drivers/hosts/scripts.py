"""The two shell scripts by which a host runs, and the lines of `ip` that give it its addresses. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from ipaddress import ip_network

from drivers.dataplane.names import NAMESPACES
from drivers.hosts.record import Nic, Record

REBOOT = 133
"""How systemd-nspawn ends when the machine asked for a reboot and nobody is there to start it again."""
CONSOLE_BYTES = 4 << 20


def loop(join: Sequence[str]) -> str:
    """Boots the host, and again as long as it asks for that."""
    return "\n".join(
        [
            "#!/bin/sh",
            *join,
            'cd "$(dirname "$0")" || exit 1',
            "while :; do",
            "  sh boot.sh",
            f"  [ $? = {REBOOT} ] || break",
            "done",
            "",
        ]
    )


def boot(record: Record, namespace: str, machine: str, join: Sequence[str], loops: Mapping[str, str]) -> str:
    """Puts the host's interfaces in order, as at power-on, and becomes systemd-nspawn.

    Args:
        record: The host.
        namespace: Its network namespace.
        machine: What systemd-nspawn is to call it.
        join: How to enter its control group.
        loops: Volume id -> loop device.
    """
    devices = [
        f"--bind={loops[disk.volume_id]}:/dev/{name}"
        for disk in record.disks
        for name in (disk.device, f"disk/by-id/{disk.by_id}")
    ]
    command = [
        *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--directory=root"),
        *(f"--machine={machine}", f"--hostname={record.hostname}", f"--uuid={record.server_id}"),
        f"--network-namespace-path={NAMESPACES / namespace}",
        "--bind=/dev/net/tun",
        "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
        "--drop-capability=CAP_SYS_TIME,CAP_MKNOD,CAP_SYS_RAWIO",
        *("--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=read-only"),
        *devices,
        "systemd.show_status=1",
    ]
    environment = ["env", "-i", 'PATH="$PATH"', "TERM=xterm", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network"]
    return "\n".join(
        [
            *join,
            f'[ "$(stat -c %s console.log)" -lt {CONSOLE_BYTES} ] || : > console.log',
            f"for link in $(ip -n {namespace} -br link | cut -d ' ' -f 1); do",
            "  link=${link%%@*}",
            "  case $link in",
            f"    lo | eth*) ip -n {namespace} addr flush dev $link scope global ;;",
            f"    *) ip -n {namespace} link del $link ;;",
            "  esac",
            "done 2>/dev/null",
            f"nsenter --net={NAMESPACES / namespace} nft flush ruleset",
            f"ip -n {namespace} -force -batch network.batch",
            f"exec {' '.join(environment)} {shlex.join(command)}",
            "",
        ]
    )


def interfaces(nics: Sequence[Nic]) -> list[str]:
    """Lines of `ip` for all interfaces: addresses, then ways out (the first interface's is preferred)."""
    lines = ["link set lo up"]
    for nic in nics:
        lines.append(f"link set {nic.name} mtu {nic.mtu} up")
        lines += [f"addr replace {address} dev {nic.name}{_nodad(address)}" for address in nic.addresses]
    for nic in nics:
        metric = 100 + nic.index
        lines += [f"route replace default via {via} dev {nic.name} metric {metric}" for via in nic.gateways]
        lines += [
            f"route replace {ip_network(prefix)} via {via} dev {nic.name} metric {metric}" for prefix, via in nic.routes
        ]
    return lines


def _nodad(address: str) -> str:
    """Nobody else has it, Neutron saw to that; waiting for objections would cost a second."""
    return " nodad" if ":" in address else ""
