"""Make namespaces hold what is planned: looks at what is there, changes what differs. Runs as root."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_interface
from pathlib import Path

from drivers.dataplane import rules, shell
from drivers.dataplane.names import NAMESPACES, Names
from drivers.dataplane.plan import OUTSIDE, Bridge, BridgeLocation, Cable, Plan, Space
from drivers.dataplane.shell import FailedError

LOG = logging.getLogger(__name__)
OWN_ROUTES = "static"
"""How routes that are ours are marked; the kernel's and daemons' have other marks."""
BRIDGED = ("net.bridge.bridge-nf-call-iptables=1", "net.bridge.bridge-nf-call-ip6tables=1")
FORWARDING = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0")
MS_BIND = 4096
INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
LEAST_INSTANCES = 8192
"""All hosts' systemds and wireguard-gos have root's number of inotify instances between them."""
ROOMY = {
    "/proc/sys/net/ipv4/neigh/default/gc_thresh3": 8192,
    "/proc/sys/net/ipv6/neigh/default/gc_thresh3": 8192,
}


class DataPlane:
    """One cloud's data plane, kept in its desired state."""

    def __init__(self, names: Names, lock: Path, underlay_lock: Path) -> None:
        self.names = names
        self._lock = lock
        self._underlay_lock = underlay_lock
        self._done: dict[str, tuple[Space, int]] = {}
        self._shore: tuple[tuple[Bridge, ...], int] | None = None

    @classmethod
    def of(cls, cloud_folder: Path) -> DataPlane:
        """That of the cloud which lives in `<lab>/clouds/<name>`."""
        return cls(
            Names.of(cloud_folder),
            lock=cloud_folder / "run" / "dataplane.lock",
            underlay_lock=cloud_folder.parents[1] / "run" / "underlay.lock",
        )

    def keep(self, plan: Plan) -> int:
        """Make it so; gives how many namespaces were changed."""
        changed = 0
        self.underlay()
        ground = identity(self.names.underlay)
        if self._shore != (plan.shore, ground):
            with shell.locked(self._underlay_lock):
                self._bridges(self.names.underlay, plan.shore, mine=self.names.cloud)
            self._shore = (plan.shore, ground)
            changed += 1
        for space in plan.spaces:
            if self._done.get(space.namespace) == (space, identity(space.namespace)):
                continue
            with shell.locked(self._lock):
                self._fill(space)
            self._done[space.namespace] = (space, identity(space.namespace))
            changed += 1
        return changed + self._remove_others(plan)

    def forget(self) -> None:
        """Look at everything anew at the next `keep`."""
        self._done.clear()
        self._shore = None

    def underlay(self) -> None:
        """Have the namespace in which all clouds of the lab meet."""
        name = self.names.underlay
        if exists(name):
            return
        with shell.locked(self._underlay_lock):
            if exists(name):
                return
            make_room()
            half = _begin(name)
            shell.inside(half, "sysctl", "-qw", *FORWARDING)
            shell.batch(half, ["link set lo up", *_addresses("lo", None, OUTSIDE)])
            rename(half, name)

    def network(self, at: BridgeLocation, mtu: int) -> None:
        """Have that network's bridge; a new one lets nothing pass until its rules are known."""
        with shell.locked(self._lock):
            if at.namespace != self.names.underlay:
                self._ensure(Space(at.namespace, bridges=(Bridge(at.bridge, mtu),), nft=rules.CLOSED))

    def _fill(self, space: Space) -> None:
        """A new namespace is known to be empty, which saves half of the work."""
        if space.namespace in self._done and not exists(space.namespace):
            self._done.clear()  # somebody removed it, and with it the ends of others' cables
        fresh = self._ensure(space)
        if not fresh:
            self._bridges(space.namespace, space.bridges)
        if space.forwards:
            self._cables(space, fresh=fresh)
            self._routes(space, fresh=fresh)
        if space.nft and not (fresh and space.bridges):
            shell.inside(space.namespace, "nft", "-f", "-", text=space.nft)

    def _ensure(self, space: Space) -> bool:
        """The namespace with its bridges, and their rules before anything is plugged in; whether it had to be made."""
        name = space.namespace
        if exists(name):
            return False
        half = _begin(name)
        shell.inside(half, "sysctl", "-qw", *(FORWARDING if space.forwards else BRIDGED))
        shell.batch(half, ["link set lo up", *_bridges({}, space.bridges)])
        if space.bridges:
            shell.inside(half, "nft", "-f", "-", text=space.nft)
        rename(half, name)
        return True

    def _bridges(self, namespace: str, bridges: Sequence[Bridge], mine: str = "") -> None:
        """With `mine`, mark them so, and remove others that are marked so."""
        have = {link["ifname"]: link for link in shell.listed(namespace, "addr", "show", "type", "bridge")}
        desired = {bridge.name for bridge in bridges}
        gone = [name for name, link in have.items() if mine and link.get("ifalias") == mine and name not in desired]
        marks = [f"link set {bridge.name} alias {mine}" for bridge in bridges if mine]
        shell.batch(namespace, [*(f"link del {name}" for name in gone), *_bridges(have, bridges), *marks])

    def _cables(self, space: Space, *, fresh: bool) -> None:
        name = space.namespace
        have = {} if fresh else {link["ifname"]: link for link in shell.listed(name, "addr", "show")}
        desired = {cable.name for cable in space.cables}
        shell.batch(name, [f"link del {link}" for link in sorted(set(have) - desired - {"lo"})])
        lines: list[str] = []
        for cable in space.cables:
            if cable.name not in have:
                plug(name, cable)
            lines.append(f"link set {cable.name} mtu {cable.mtu} {'up' if space.up else 'down'}")
            lines += _addresses(cable.name, have.get(cable.name), cable.addresses)
        shell.batch(name, lines)
        self._make_known([cable for cable in space.cables if cable.bridge_at.namespace == self.names.underlay])

    def _make_known(self, cables: Sequence[Cable]) -> None:
        """The underlay forgets whom it took an address for before."""
        lines = [
            f"neigh flush to {address.ip} dev {cable.bridge_at.bridge}"
            for cable in cables
            for address in cable.addresses
        ]
        shell.batch(self.names.underlay, lines)

    def _routes(self, space: Space, *, fresh: bool) -> None:
        lines: list[str] = []
        for version, everything in ((4, "0.0.0.0/0"), (6, "::/0")):
            desired = {str(route.prefix or everything): route for route in space.routes if route.version == version}
            show = (f"-{version}", "route", "show", "proto", OWN_ROUTES)
            have = {
                str(found["dst"]).replace("default", everything): found.get("gateway")
                for found in ([] if fresh else shell.listed(space.namespace, *show))
            }
            lines += [f"route del {prefix} proto {OWN_ROUTES}" for prefix in sorted(set(have) - set(desired))]
            for prefix, route in desired.items():
                if have.get(prefix) != str(route.via):
                    by = f" dev {route.interface}" if route.interface else ""
                    lines.append(f"route replace {prefix} via {route.via}{by} proto {OWN_ROUTES}")
        shell.batch(space.namespace, lines)

    def _remove_others(self, plan: Plan) -> int:
        """Namespaces of networks and routers that are no more. Hosts' are Nova's to remove."""
        desired = {space.namespace for space in plan.spaces}
        kinds = (f"{self.names.prefix}network.", f"{self.names.prefix}router.")
        gone = [n for n in namespaces() if n.startswith(kinds) and n not in desired and not n.endswith(".half")]
        for name in gone:
            shell.run("ip", "netns", "del", name, check=False)
            self._done.pop(name, None)
        return len(gone)


def plug(namespace: str, cable: Cable) -> None:
    """Lay a cable from the namespace to its bridge, anew if there is one.

    Raises:
        FailedError: It cannot be.
    """
    at = cable.bridge_at
    lines = (
        f"link add {cable.tap} mtu {cable.mtu} type veth "
        f"peer name {cable.name} address {cable.mac} mtu {cable.mtu} netns {namespace}\n"
        f"link set {cable.tap} master {at.bridge} up\n"
    )
    try:
        shell.run("ip", "-n", at.namespace, "-batch", "-", text=lines)
    except FailedError:  # one of that name is there
        shell.run("ip", "-n", at.namespace, "link", "del", cable.tap, check=False)
        shell.run("ip", "-n", at.namespace, "-batch", "-", text=lines)


def exists(namespace: str) -> bool:
    """Whether there is a namespace of that name: its file is a mount, or it is only a file."""
    try:
        return (NAMESPACES / namespace).stat().st_dev != NAMESPACES.stat().st_dev
    except OSError:
        return False


def identity(namespace: str) -> int:
    """A number that changes when a namespace is made anew; 0 if there is none."""
    try:
        return (NAMESPACES / namespace).stat().st_ino
    except OSError:
        return 0


def namespaces() -> list[str]:
    """All that have a name on this machine."""
    try:
        return sorted(path.name for path in NAMESPACES.iterdir())
    except OSError:
        return []


def _begin(name: str) -> str:
    """Make a namespace under another name, by which it goes until it is whole."""
    half = f"{name}.half"
    if (NAMESPACES / half).exists():
        shell.run("ip", "netns", "del", half, check=False)
    shell.run("ip", "netns", "add", half)
    return half


def rename(old: str, new: str) -> None:
    """Give a namespace another name: its file is a mount, which is bound at the new place."""
    libc = ctypes.CDLL(None, use_errno=True)
    source, target = NAMESPACES / old, NAMESPACES / new
    target.touch(mode=0o400, exist_ok=True)
    if libc.mount(bytes(source), bytes(target), None, MS_BIND, None) or libc.umount2(bytes(source), 0):
        raise OSError(ctypes.get_errno(), f"the namespace {old} cannot be renamed")
    source.unlink()


def remove_shore(underlay: str, clouds: Collection[str]) -> None:
    """Remove those clouds' bridges from the underlay."""
    if exists(underlay):
        bridges = shell.listed(underlay, "link", "show", "type", "bridge")
        shell.batch(underlay, [f"link del {link['ifname']}" for link in bridges if link.get("ifalias") in clouds])


def make_room() -> None:
    """Let this machine have as many hosts and neighbours as a lab needs; only ever raises a limit."""
    for path, least in ((INSTANCES, LEAST_INSTANCES), *((Path(name), least) for name, least in ROOMY.items())):
        try:
            if int(path.read_text(encoding="ascii")) < least:
                path.write_text(str(least), encoding="ascii")
        except OSError as error:
            LOG.warning("%s cannot be raised to %d: %s", path, least, error)


def _bridges(have: Mapping[str, dict[str, object]], bridges: Sequence[Bridge]) -> list[str]:
    """Lines of `ip` that make those bridges of those that are there."""
    lines: list[str] = []
    for bridge in bridges:
        if bridge.name not in have:
            lines.append(f"link add {bridge.name} type bridge forward_delay 0 mcast_snooping 0")
        lines.append(f"link set {bridge.name} mtu {bridge.mtu} up")
        lines += _addresses(bridge.name, have.get(bridge.name), bridge.addresses)
    return lines


def _addresses(interface: str, link: dict[str, object] | None, desired: Sequence[object]) -> list[str]:
    """Lines of `ip` that give the interface those addresses and no others (link-local ones are the kernel's)."""
    found = link.get("addr_info", []) if link else []
    have = {
        f"{one['local']}/{one['prefixlen']}"
        for one in found  # type: ignore[attr-defined]
        if one.get("scope") == "global"
    }
    want = [str(ip_interface(str(address))) for address in desired]
    lines = [f"addr del {address} dev {interface}" for address in sorted(have - set(want))]
    return lines + [
        f"addr add {address} dev {interface}{' nodad' if ':' in address else ''}"
        for address in want
        if address not in have
    ]
