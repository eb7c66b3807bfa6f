"""Neutron's drivers of the lab: ports are bound at once, statuses are kept as agents would keep them."""
