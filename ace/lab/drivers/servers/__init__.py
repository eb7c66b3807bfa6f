"""Nova's virt drivers of the lab: what a server is.

A driver is a class in a file of its own, named in `KINDS`; a cloud's `cloud.json` states by `servers` which one it has.
Nova loads drivers from below `nova.virt` only, so this package is also known as `nova.virt.ace_lab` (see
`drivers.openstack.nova`).
"""

KINDS = {"fake": "ace_lab.fake.FakeServers", "hosts": "ace_lab.nspawn.HostServers"}
"""Kind of server -> the class, as Nova's option `compute_driver` wants it."""


def are_real(kind: str) -> bool:
    """Whether servers of that kind have interfaces and disks, so that networks and volumes have to be real too."""
    return kind == "hosts"
