"""OpenStack for the embedded engine: resource types and look-ups that behave as pulumi-openstack's do.

One small class per type; what they share is in `base.py` and `neutron.py`. Adding a type is adding a class and naming it in
`registry.py`.
"""

from ace.openstack.registry import provider
from ace.openstack.sweep import sweep_default_security_groups

__all__ = ["provider", "sweep_default_security_groups"]
