"""The clouds' data plane: what Neutron records, as namespaces, bridges, routes and nftables rules of this machine.

`values` is the desired state, `plan` and `rules` compute what that means (pure), `kernel` makes it so. Nothing here
imports OpenStack or ACE, so that it can be tested with plain values and run by itself.
"""
