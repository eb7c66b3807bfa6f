"""The bench's measure of what is possible: the same resources by openstacksdk, 16 threads, in order of dependency.

`bench_sdk.py create|refresh|destroy FOLDER`; FOLDER has `cells` and `clouds.yaml`, and keeps `made.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openstack

THREADS = 16
LISTED = ("networks", "subnets", "security_groups", "security_group_rules", "routers", "ports")


def create(network: Any, pool: ThreadPoolExecutor, cells: int) -> dict[str, Any]:
    """Make all; ids by kind."""

    def base(n: int) -> tuple[str, str, str]:
        return (
            network.create_network(name=f"bench-net{n}").id,
            network.create_security_group(name=f"bench-group{n}").id,
            network.create_router(name=f"bench-router{n}").id,
        )

    bases = list(pool.map(base, range(cells)))

    def rule(at: tuple[int, int]) -> str:
        n, port = at
        made = network.create_security_group_rule(
            security_group_id=bases[n][1],
            direction="ingress",
            ethertype="IPv4",
            protocol="tcp",
            port_range_min=port,
            port_range_max=port,
        )
        return str(made.id)

    def half(at: tuple[int, int]) -> tuple[str, str, str]:
        n, number = at
        net, group, router = bases[n]
        subnet = network.create_subnet(
            network_id=net, name=f"bench-subnet{n}-{number}", cidr=f"10.{n}.{number}.0/24", ip_version=4
        ).id
        network.add_interface_to_router(router, subnet_id=subnet)
        port = network.create_port(
            network_id=net,
            name=f"bench-port{n}-{number}",
            security_group_ids=[group],
            fixed_ips=[{"subnet_id": subnet}],
        ).id
        return router, subnet, port

    rules = pool.map(rule, [(n, port) for n in range(cells) for port in range(22, 28)])
    halves = pool.map(half, [(n, number) for n in range(cells) for number in range(2)])
    return {"bases": bases, "rules": list(rules), "halves": list(halves)}


def destroy(network: Any, pool: ThreadPoolExecutor, made: dict[str, Any]) -> None:
    """Remove all, what hangs on others first."""

    def each(act: Callable[[Any], object], items: Iterable[Any]) -> None:
        list(pool.map(act, items))

    each(lambda half: network.delete_port(half[2]), made["halves"])
    each(lambda half: network.remove_interface_from_router(half[0], subnet_id=half[1]), made["halves"])
    each(lambda half: network.delete_subnet(half[1]), made["halves"])
    each(network.delete_security_group_rule, made["rules"])
    for index, delete in enumerate((network.delete_network, network.delete_security_group, network.delete_router)):
        each(delete, [base[index] for base in made["bases"]])


def main() -> None:
    """Do one job."""
    job, folder = sys.argv[1], Path(sys.argv[2])
    config = openstack.config.OpenStackConfig(config_files=[str(folder / "clouds.yaml")])
    network = openstack.connection.Connection(config=config.get_one(cloud="it")).network
    kept = folder / "made.json"
    with ThreadPoolExecutor(THREADS) as pool:
        if job == "create":
            kept.write_text(json.dumps(create(network, pool, int((folder / "cells").read_text()))))
        elif job == "refresh":
            list(pool.map(lambda kind: list(getattr(network, kind)()), LISTED))
        else:
            destroy(network, pool, json.loads(kept.read_text()))


if __name__ == "__main__":
    main()
