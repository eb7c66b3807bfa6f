"""Ask the live clouds, and nobody else, what exists in them: a table with one line per cloud.

Reads the clouds of $OS_CLIENT_CONFIG_FILE. Only openstacksdk is used here, none of ACE: it is the demo's witness.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import openstack
from openstack.config import OpenStackConfig
from rich.console import Console
from rich.table import Table

COLUMNS = (
    "projects",
    "tenants",
    "networks",
    "subnets",
    "routers",
    "security groups",
    "servers active",
    "addresses active",
)


def ask(cloud: str) -> tuple[str, ...]:
    """What the cloud has, in the order of COLUMNS. Tenants are the projects tagged `ace`; addresses are floating IPs."""
    connection = openstack.connect(cloud=cloud)
    network = connection.network
    servers = [server.status for server in connection.compute.servers(details=True, all_projects=True)]
    addresses = [address.status for address in network.ips()]
    return (
        _count(connection.identity.projects()),
        _count(connection.identity.projects(tags="ace")),
        _count(network.networks()),
        _count(network.subnets()),
        _count(network.routers()),
        _count(network.security_groups()),
        f"{servers.count('ACTIVE')} of {len(servers)}",
        f"{addresses.count('ACTIVE')} of {len(addresses)}",
    )


def _count(found: Iterable[object]) -> str:
    return str(sum(1 for _ in found))


def main() -> int:
    """Print the table; 1 if a cloud holds no tenant."""
    clouds = sorted(name for name in OpenStackConfig().get_cloud_names() if not name.endswith("-admin"))
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(clouds, pool.map(ask, clouds), strict=True))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("cloud", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column.replace(" ", "\n"), justify="right", no_wrap=True)
    for cloud, answer in answers.items():
        table.add_row(cloud, *answer)
    Console(width=max(100, Console().width)).print(table)
    empty = [cloud for cloud, answer in answers.items() if answer[1] == "0"]
    if empty:
        print(f"no tenant in {', '.join(empty)}", file=sys.stderr)
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
