"""Ask the live clouds, and nobody else, what exists in them: a table with one line per cloud.

Reads the clouds of $OS_CLIENT_CONFIG_FILE. Only openstacksdk is used here, none of ACE: it is the demo's witness.
"""

from __future__ import annotations

import sys
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
    "servers",
    "active servers",
    "active floating IPs",
)


def ask(cloud: str) -> tuple[int, ...]:
    """What the cloud has, in the order of COLUMNS. Tenants are the projects tagged `ace`."""
    connection = openstack.connect(cloud=cloud)
    servers = list(connection.compute.servers(details=True, all_projects=True))
    return (
        len(list(connection.identity.projects())),
        len(list(connection.identity.projects(tags="ace"))),
        len(list(connection.network.networks())),
        len(list(connection.network.subnets())),
        len(list(connection.network.routers())),
        len(list(connection.network.security_groups())),
        len(servers),
        sum(1 for server in servers if server.status == "ACTIVE"),
        len(list(connection.network.ips(status="ACTIVE"))),
    )


def main() -> int:
    """Print the table; 1 if a cloud holds no tenant."""
    clouds = sorted(name for name in OpenStackConfig().get_cloud_names() if not name.endswith("-admin"))
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(clouds, pool.map(ask, clouds), strict=True))
    table = Table("cloud", *COLUMNS)
    for cloud, counts in answers.items():
        table.add_row(cloud, *map(str, counts))
    Console().print(table)
    empty = [cloud for cloud, counts in answers.items() if not counts[1]]
    if empty:
        print(f"no tenant in {', '.join(empty)}", file=sys.stderr)
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
