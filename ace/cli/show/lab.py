"""A lab for people and as JSON: its clouds, its hosts, what is down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def status_json(found: LabStatus) -> dict[str, Any]:
    """A lab for machines."""
    return {
        "clouds": {
            cloud.name: {
                "country": cloud.country,
                "auth_url": cloud.auth_url,
                "region": cloud.region,
                "ready": cloud.ready,
                "started": cloud.started,
                "detail": cloud.detail,
            }
            for cloud in found.clouds
        },
        "hosts": {
            name: {"cloud": host.cloud, "state": host.state, "addresses": list(host.addresses)}
            for name, host in found.hosts.items()
        },
        "down": list(found.down),
        "env": found.env if found.clouds else {},
    }


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
