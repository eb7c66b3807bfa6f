"""A region on one machine: for each data centre its own real OpenStack, on a loopback address of its own.

A test bed: without root, on loopback only, all of it below ROOT/.ace/lab and the user's cache. `Lab` is what others
use; `drivers/` runs in the lab's own Python environment and imports nothing of `ace`.
"""

from ace.lab.lab import Lab
from ace.lab.values import CloudRequest, CloudStatus, LabStatus

__all__ = ["CloudRequest", "CloudStatus", "Lab", "LabStatus"]
