"""A lab, a region on this machine: its clouds started, stopped, looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ace.errors import UserError
from ace.lab import CloudRequest, Lab, LabStatus, hosts
from ace.lab.environment import cache_folder
from ace.spec import load
from ace.spec.values import Member, Spec

DEFAULT_COUNTRIES: Final = ("TN", "EG", "KE")
"""The countries of a new lab."""


@dataclass(frozen=True, slots=True)
class ServerKind:
    """What the servers of new clouds are: real hosts, or fake ones and why."""

    real: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabProgress:
    """One plain line of what is going on."""

    line: str


LabEvent = ServerKind | LabProgress


@dataclass(frozen=True, slots=True)
class LabStopped:
    """What was stopped."""

    clouds: tuple[str, ...] | None
    """None: the whole lab."""
    wiped: bool
    cache: Path
    """Where the software that labs share is kept."""


def start_lab(
    spec_dir: Path,
    countries: Sequence[str] = (),
    *,
    every: bool = False,
    port: int | None = None,
    real_hosts: bool | None = None,
    host_suite: str | None = None,
    sink: Callable[[LabEvent], None] = lambda _event: None,
) -> LabStatus:
    """Start the clouds of countries, and wait until they answer.

    Args:
        spec_dir: The spec folder.
        countries: Codes in any case; none: the clouds that the lab has; of a new lab those of `DEFAULT_COUNTRIES`.
        every: Of every active country.
        port: Of every cloud on its own loopback address; None: as remembered, else 8000.
        real_hosts: Whether servers are real hosts; None: where this machine can.
        host_suite: Debian of the hosts; None: as remembered.
        sink: Takes the events as they happen.

    Raises:
        UserError: A country is no member or a real one, or the lab cannot be started.
    """
    if every and countries:
        raise UserError("--all and names of countries exclude each other", hint="give one of them", code="usage")
    lab = Lab(spec_dir.parent)
    requests = () if countries or every else lab.known()
    if not requests:
        requests = _requests(load(spec_dir), countries, every)
    sink(server_kind(real_hosts))
    return lab.up(
        requests, lambda line: sink(LabProgress(line)), port=port, real_hosts=real_hosts, host_suite=host_suite
    )


def stop_lab(
    spec_dir: Path,
    countries: Sequence[str] = (),
    *,
    wipe: bool = False,
    sink: Callable[[LabEvent], None] = lambda _event: None,
) -> LabStopped:
    """Stop the clouds of countries, or the whole lab; data is kept unless it is wiped.

    Raises:
        UserError: The lab has no cloud of a country, or cannot be stopped.
    """
    lab = Lab(spec_dir.parent)
    names = _clouds_of(lab, countries) if countries else None
    lab.down(wipe=wipe, clouds=names, on_progress=lambda line: sink(LabProgress(line)))
    return LabStopped(tuple(names) if names is not None else None, wipe, cache_folder())


def lab_status(spec_dir: Path) -> LabStatus:
    """The state of every cloud, with one request to each API."""
    return Lab(spec_dir.parent).status()


def lab_environment(spec_dir: Path) -> Mapping[str, str]:
    """The environment variables that make OpenStack clients use the lab.

    Raises:
        UserError: There is no lab.
    """
    lab = Lab(spec_dir.parent)
    if not lab.clouds_file.exists():
        raise UserError(f"there is no lab in {lab.root}", hint="start one: `ace lab up`", code="no-lab")
    return lab.env()


def server_kind(real_hosts: bool | None) -> ServerKind:
    """What the servers of new clouds will be, and why."""
    reason = "as asked for" if real_hosts is False else hosts.why_not()
    return ServerKind(True) if real_hosts or not reason else ServerKind(False, reason)


def _requests(spec: Spec, named: Sequence[str], every: bool) -> tuple[CloudRequest, ...]:
    """The clouds of those countries' data centres.

    Raises:
        UserError: A country is no member, or is a real one: a lab only plays members marked `example: true`.
    """
    if named:
        members = [spec.member(name) for name in dict.fromkeys(name.upper() for name in named)]
    elif every:
        members = list(spec.active)
    else:
        members = [member for member in spec.active if member.code in DEFAULT_COUNTRIES]
        members = members or list(spec.active[: len(DEFAULT_COUNTRIES)])
    for member in members:
        if not member.example:
            raise UserError(
                f"{member.file}: {member.code} is a real member (`example: true` is not set), and a lab must not play it",
                hint="use its own cloud, or set `example: true` if the file is a made-up one",
                code="not-an-example",
            )
    if not members:
        raise UserError("the spec has no active member", hint="see `ace member list`", code="no-members")
    return tuple(request for member in members for request in _of_member(member))


def _of_member(member: Member) -> list[CloudRequest]:
    return [
        CloudRequest(
            name=data_centre.cloud.cloud,
            country=member.stack,
            region=data_centre.cloud.region,
            external_network=data_centre.cloud.external_network,
            availability_zones=data_centre.cloud.availability_zones,
            image=data_centre.cloud.image,
            numeric=member.numeric,
            site=data_centre.site,
        )
        for data_centre in member.data_centres
    ]


def _clouds_of(lab: Lab, countries: Sequence[str]) -> list[str]:
    """The names of the lab's clouds of those countries.

    Raises:
        UserError: It has none of a country.
    """
    known = lab.known()
    asked = {country.lower() for country in countries}
    have = {request.country for request in known}
    if missing := sorted(asked - have):
        raise UserError(
            f"this lab has no clouds of {', '.join(missing)}; it has those of {', '.join(sorted(have)) or 'no country'}",
            hint="see `ace lab status`",
            code="no-such-cloud",
        )
    return [request.name for request in known if request.country in asked]
