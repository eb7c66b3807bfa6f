"""A lab for people and as JSON: its clouds, its hosts, what is down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ace.cli.show.output import stderr, stdout

if TYPE_CHECKING:
    from ace.lab import LabStatus
    from ace.operations.lab import LabEvent, LabStopped, ServerKind


def print_event(event: LabEvent) -> None:
    """A line on standard error."""
    from ace.operations.lab import LabProgress

    line = event.line if isinstance(event, LabProgress) else f"This is a test bed. {servers(event)}"
    stderr.print(line, markup=False)


def servers(kind: ServerKind) -> str:
    """What servers of new clouds are, and why."""
    if kind.real:
        return "Servers are real hosts: each boots a Debian of its own, in networks of the lab's own."
    return f"Servers are fake ({kind.reason}): they are scheduled, counted and ACTIVE, but nothing runs in them."


@dataclass(frozen=True, slots=True)
class CloudDocument:
    """A cloud of the lab; its key is its name in clouds.yaml."""

    country: str
    auth_url: str
    region: str
    ready: bool
    started: bool
    detail: str


@dataclass(frozen=True, slots=True)
class HostDocument:
    """A server of the lab."""

    cloud: str
    state: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabDocument:
    """The lab: its clouds, its hosts, what is down, and the environment of clients that use it."""

    clouds: Mapping[str, CloudDocument]
    hosts: Mapping[str, HostDocument]
    down: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoppedDocument:
    """The clouds that were stopped."""

    stopped: tuple[str, ...] | Literal["all"]
    wiped: bool


@dataclass(frozen=True, slots=True)
class EnvDocument:
    """The environment of clients that use the lab."""

    env: Mapping[str, str]


def status_document(found: LabStatus) -> LabDocument:
    """A lab as JSON."""
    return LabDocument(
        {
            cloud.name: CloudDocument(
                cloud.country, cloud.auth_url, cloud.region, cloud.ready, cloud.started, cloud.detail
            )
            for cloud in found.clouds
        },
        {name: HostDocument(host.cloud, host.state, tuple(host.addresses)) for name, host in found.hosts.items()},
        tuple(found.down),
        found.env if found.clouds else {},
    )


def stopped_document(done: LabStopped) -> StoppedDocument:
    """What was stopped, as JSON."""
    return StoppedDocument(tuple(sorted(done.clouds)) if done.clouds is not None else "all", done.wiped)


def print_status(found: LabStatus) -> None:
    """A line a cloud, below it its hosts; then what is down."""
    if not found.clouds:
        stdout.print("There is no lab here. Start one: ace lab up", markup=False)
    for cloud in found.clouds:
        state = "ready" if cloud.ready else "stopped" if not cloud.started else "NOT READY"
        stdout.print(f"{cloud.name:<20} {state:<10} {cloud.auth_url}", markup=False)
        if cloud.started and cloud.detail:
            stdout.print(f"    {cloud.detail}", markup=False)
        for name, host in found.hosts.items():
            if host.cloud == cloud.name:
                stdout.print(f"  {name:<24} {host.state:<10} {' '.join(host.addresses)}", markup=False)
    if found.down:
        stdout.print(f"down: {', '.join(found.down)}", markup=False)
    if not found.ready:
        stdout.print("Start what is down: ace lab up", markup=False)


def print_stopped(done: LabStopped) -> None:
    """What was stopped, and what is kept."""
    what = ", ".join(done.clouds) if done.clouds is not None else "The lab"
    stdout.print(f"{what}: {'stopped and wiped' if done.wiped else 'stopped; data is kept'}.", markup=False)
    if done.wiped:
        stdout.print(f"What was installed once stays in {done.cache} for the next lab.", markup=False)
