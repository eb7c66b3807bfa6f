"""A region on one machine: for each data centre its own real OpenStack, on a loopback address of its own.

A test bed, all of it below ROOT/.ace/lab and the user's cache. Without root it is on loopback only and servers are fake; as
root they are real hosts, in namespaces of their own. `Lab` is what others use, and `underlay` to get at the hosts;
`drivers/` runs in the lab's own Python environment and imports nothing of `ace`.
"""

from ace.lab.hosts import Underlay, underlay
from ace.lab.lab import Lab
from ace.lab.values import CloudRequest, CloudStatus, HostStatus, LabStatus

__all__ = ["CloudRequest", "CloudStatus", "HostStatus", "Lab", "LabStatus", "Underlay", "underlay"]
