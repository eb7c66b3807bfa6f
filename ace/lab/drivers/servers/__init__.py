"""Nova's virt drivers of the lab: what a server is.

A driver is a class in a file of its own, named in `KINDS`; a cloud's `cloud.json` says by `servers` which one it has.
Nova loads drivers from below `nova.virt` only, so this package is also known as `nova.virt.ace_lab` (see
`drivers.openstack.nova`).
"""

KINDS = {"fake": "ace_lab.fake.FakeServers"}
"""Kind of server -> the class, as Nova's option `compute_driver` wants it."""
