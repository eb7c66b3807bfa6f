"""A country's site on a lab cloud with real hosts, as the stacks make it in small: transit, a gateway, two tenants.

    underlay - router - management - gw - transit - tenant routers - a, b

and, on a second cloud, one host of another country.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import openstack
import psutil
from openstack.connection import Connection

from ace.lab import Lab, underlay

OUTSIDE4 = "203.0.113.1"
POOL4, POOL6 = "10.64.0.0/10", "fd92:3091:a000::/36"
TRANSIT4, TRANSIT6 = "10.113.65.0/27", "fd92:3091:a788:400::/64"
VIP4, VIP6 = "10.113.65.1", "fd92:3091:a788:400::1"
MARK_BEGIN, MARK_END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"


def eventually(what: Callable[[], Any], desired: Any = True, timeout_s: float = 90) -> None:
    """Wait until `what()` is `desired`."""
    deadline = time.monotonic() + timeout_s
    while (found := what()) != desired:
        assert time.monotonic() < deadline, f"still {found!r}, not {desired!r}"
        time.sleep(0.2)


@dataclass
class Server:
    """A server and how to get in; host keys are those that its console told."""

    cloud: Connection
    id: str
    lab: Path
    address: str
    """Where SSH finds it."""
    jump: Server | None = None
    known_hosts: Path = field(init=False)

    def __post_init__(self) -> None:
        self.known_hosts = self.lab.parent.parent / f"known-{self.id}"

    def console(self) -> str:
        return str(self.cloud.compute.get_server_console_output(self.id)["output"])

    def host_keys(self) -> list[str]:
        """What it told of its keys, last."""
        text = self.console()
        return text[text.rindex(MARK_BEGIN) : text.rindex(MARK_END)].splitlines()[1:]

    def pin(self) -> None:
        """Take its host keys from its console."""
        lines = [f"{self.address} {' '.join(key.split()[:2])}" for key in self.host_keys()]
        lines += self.jump.known_hosts.read_text().splitlines() if self.jump else []
        self.known_hosts.write_text("\n".join(lines) + "\n")

    def ssh(self, command: str, *, timeout_s: float = 60, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command on it, with pinned host keys."""
        options = ["-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={self.known_hosts}"]
        way = ["-F", str(self.lab / "ssh" / "config"), *options, "-o", "BatchMode=yes"]
        if self.jump:
            inner = " ".join(["ssh", *way, "-W", "%h:%p", self.jump.address])
            way += ["-o", f"ProxyCommand={inner}"]
        return subprocess.run(
            ["ssh", *way, self.address, command],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def run(self, command: str) -> str:
        """Run a command that succeeds; gives what it printed."""
        done = self.ssh(command)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def works(self, command: str) -> bool:
        return self.ssh(command).returncode == 0

    def status(self) -> str:
        return str(self.cloud.compute.get_server(self.id).status)

    def wait_for_ssh(self) -> None:
        eventually(lambda: self.works("true"))


def cut_power(root: Path, host: str) -> None:
    """Kill everything of a lab's host at once."""
    name = f"--hostname={host.replace('.', '-')}"
    [machine] = [
        process
        for process in psutil.process_iter(["cmdline"])
        if name in (process.info["cmdline"] or ()) and Path(process.cwd()).is_relative_to(root)
    ]
    for process in [*machine.children(recursive=True), machine]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def connect(lab: Lab, name: str) -> Connection:
    config = openstack.config.OpenStackConfig(config_files=[str(lab.clouds_file)]).get_one(cloud=name)
    return Connection(config=config)


class Site:
    """Makes things on one cloud, all with its prefix in the country's pool."""

    def __init__(self, lab: Lab, name: str, number: int) -> None:
        self.lab = lab
        self.cloud = connect(lab, name)
        self.number = number
        self.image = self.cloud.image.find_image("Debian 12", ignore_missing=False)
        self.external = self.cloud.network.find_network("public", ignore_missing=False)
        self.flavor = self.cloud.compute.find_flavor("small") or self.cloud.compute.create_flavor(
            name="small", vcpus=1, ram=512, disk=4
        )

    def network(self, name: str, ipv4: str, ipv6: str, *, routed: bool = True) -> Any:
        network = self.cloud.network.create_network(name=name)
        for version, cidr in ((4, ipv4), (6, ipv6)):
            whole = ip_network(cidr)
            modes = {"ipv6_address_mode": "dhcpv6-stateful", "ipv6_ra_mode": "dhcpv6-stateful"} if version == 6 else {}
            # An unrouted network's first address is its gateways' shared one, as in the stacks: nobody is given it.
            shared = {"allocation_pools": [{"start": str(whole[2]), "end": str(whole[-2])}]}
            self.cloud.network.create_subnet(
                network_id=network.id,
                ip_version=version,
                cidr=cidr,
                enable_dhcp=routed,
                gateway_ip=str(whole[1]) if routed else None,
                **(modes if routed else shared),
            )
        return self.cloud.network.get_network(network.id)

    def router(self, name: str, networks: list[Any]) -> Any:
        router = self.cloud.network.create_router(
            name=name, external_gateway_info={"network_id": self.external.id}, admin_state_up=True
        )
        for network in networks:
            for subnet in network.subnet_ids:
                self.cloud.network.add_interface_to_router(router, subnet=subnet)
        return router

    def port(self, network: Any, groups: list[str], **more: Any) -> Any:
        return self.cloud.network.create_port(network_id=network.id, security_group_ids=groups, **more)

    def group(self, name: str, rules: list[dict[str, Any]]) -> str:
        group = self.cloud.network.create_security_group(name=name)
        for rule in rules:
            self.cloud.network.create_security_group_rule(security_group_id=group.id, direction="ingress", **rule)
        return str(group.id)

    def server(self, name: str, ports: list[Any], key: str, **more: Any) -> str:
        config = "#cloud-config\n" + json.dumps(
            {
                "hostname": name,
                "fqdn": f"{name}.test",
                "write_files": [{"path": "/etc/ace/host.json", "content": json.dumps({"host": name})}],
            }
        )
        server = self.cloud.compute.create_server(
            name=name,
            flavor_id=self.flavor.id,
            image_id=self.image.id,
            networks=[{"port": port.id} for port in ports],
            key_name=key,
            user_data=base64.b64encode(config.encode()).decode(),
            **more,
        )
        return str(server.id)

    def floating_ip(self, port: Any) -> str:
        return str(
            self.cloud.network.create_ip(floating_network_id=self.external.id, port_id=port.id).floating_ip_address
        )

    def reach(self, server_id: str, address: str, jump: Server | None = None) -> Server:
        """The server when it is ready, with its host keys pinned."""
        self.cloud.compute.wait_for_server(self.cloud.compute.get_server(server_id), wait=180)
        server = Server(self.cloud, server_id, self.lab.folder, address, jump)
        eventually(lambda: MARK_END in server.console())
        server.pin()
        return server


def in_underlay(lab: Lab, *command: str) -> subprocess.CompletedProcess[str]:
    found = underlay(lab.root)
    assert found is not None
    return subprocess.run([*found.enter, *command], capture_output=True, text=True, timeout=60, check=False)
