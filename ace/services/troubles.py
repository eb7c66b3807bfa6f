"""What went wrong on hosts: which of it follows from something else, and what to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ace.services.inventory import Inventory
from ace.services.results import Trouble
from ace.services.ssh import SshPlaces


def behind_refused(inventory: Inventory, troubles: Sequence[Trouble]) -> tuple[Trouble, ...]:
    """The troubles, with hosts that cannot be reached because their jump host's key was refused marked as such."""
    refused = {trouble.host for trouble in troubles if trouble.key_refused}
    return tuple(
        replace(
            trouble, key_refused=True, message=f"{jump}, through which it is reached, shows another key than the pinned"
        )
        if trouble.unreachable and (jump := inventory.host(trouble.host).reach.jump) in refused
        else trouble
        for trouble in troubles
    )


def hint_of(inventory: Inventory, places: SshPlaces, trouble: Trouble, *, has_worker: bool) -> str:
    """What to try about a host's trouble."""
    host = inventory.host(trouble.host)
    way = f"`ssh -F {places.config} {host.name}`"
    if has_worker:
        way += " with the keys that its worker has"
    if trouble.key_refused:
        return (
            f"it shows another key than the one pinned for this very server: its keys were generated again, or another "
            f"machine answers at {host.reach.address}. Nothing was sent to it. If you know why, take its lines out of "
            f"{places.known_hosts} and run again: the key then comes from the console log"
        )
    if trouble.unreachable:
        through = f" through {host.reach.jump}" if host.reach.jump else ""
        return (
            f"is it running (`openstack server show {host.name}`), and does SSH get to {host.reach.address}{through}? "
            f"try {way}"
        )
    return f"log in with {way} and fix it, then run `ace configure {inventory.country}` again"
