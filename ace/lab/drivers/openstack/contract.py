"""What the lab asks of an OpenStack service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from drivers.cloud import CloudConfig
from drivers.configuration import Sections

Application = Callable[[Mapping[str, Any], Callable[..., Any]], Iterable[bytes]]
"""A WSGI application (PEP 3333)."""


class OpenStackService(Protocol):
    """One service: how it is configured, where it keeps data, how it becomes a WSGI application.

    Each runs in a process per cloud, forked from one in which its modules are already imported.
    """

    name: str
    path: str
    """Where the cloud's one address has it: `/identity`."""
    catalog: tuple[tuple[str, str], ...]
    """(service type, URL path) of its entries in Keystone's catalogue."""
    databases: tuple[str, ...]
    modules: tuple[str, ...]
    """What to import before the fork."""
    threads: int

    def before_imports(self) -> None:
        """Called once in the process that is going to be forked, before `modules` are imported."""

    def configuration(self, cloud: CloudConfig) -> Mapping[str, Sections]:
        """File name -> its sections."""

    def environment(self, cloud: CloudConfig) -> Mapping[str, str]:
        """Environment variables that the service reads."""

    def create_databases(self, cloud: CloudConfig) -> None:
        """Make the tables, in an empty cloud; run once, for the template."""

    def application(self, cloud: CloudConfig) -> Application:
        """Start what belongs to the service and give its API. Called once, in the cloud's own process."""
