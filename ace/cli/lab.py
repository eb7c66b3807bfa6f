"""`ace lab`: a region on this machine."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.options import AsOfOption, CountriesArgument, Format, FormatOption, SpecOption
from ace.cli.show.output import Answer, answering, stderr, stdout
from ace.errors import ExitCode, UserError
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.lab import CloudRequest, Lab, LabStatus
    from ace.spec.values import Member, Spec

DEFAULT_COUNTRIES = ("TN", "EG", "KE")

app = typer.Typer(
    no_args_is_help=True,
    help="A region on this machine: for each data centre its own real OpenStack, and hosts in it. A test bed.",
)

PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        envvar="ACE_LAB_PORT",
        min=1,
        max=65535,
        help="Port of every cloud on its own loopback address; remembered by the lab. Default: 8000.",
    ),
]


@app.command("up")
def up(
    countries: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CC]...", help="Countries. None: the clouds that this lab has; a new lab: TN EG KE."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every active country (0.6 GB of memory a cloud).")] = False,
    port: PortOption = None,
    real_hosts: Annotated[
        bool | None,
        typer.Option(
            "--hosts/--no-hosts",
            envvar="ACE_LAB_HOSTS",
            help="Servers are real hosts, or fake. Default: real as root on Linux; a cloud stays as it was made.",
        ),
    ] = None,
    host_suite: Annotated[
        str | None,
        typer.Option(
            "--host-suite",
            envvar="ACE_LAB_HOST_SUITE",
            metavar="bookworm|trixie",
            help="Debian of the hosts; remembered by the lab. Default: this machine's, else bookworm.",
        ),
    ] = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; a lab follows no rule that ages
    format_: FormatOption = Format.TEXT,
) -> None:
    """Start the clouds of the named countries, each a real OpenStack, and wait until they answer.

    Clouds that run are left alone, those that are down are started again, data is kept. The first start on a machine installs
    OpenStack into the user's cache (about 650 MB, once). As root on Debian servers are real hosts, and their root file
    system is built once too (700 MB); `ssh -F .ace/lab/ssh/config <floating IP>` reaches them.
    """
    from ace import spec as spec_room
    from ace.lab import Lab

    with answering("lab-up", format_) as answer:
        directory = find_spec_dir(spec)
        lab = Lab(directory.parent)
        if all_ and countries:
            raise UserError("--all and names of countries exclude each other", hint="give one of them", code="usage")
        requests = () if countries or all_ else lab.known()
        if not requests:
            requests = _requests(spec_room.load(directory), countries or (), all_)
        stderr.print(f"This is a test bed. {_servers(real_hosts)}", markup=False)
        status = lab.up(
            requests,
            lambda line: stderr.print(line, markup=False),
            port=port,
            real_hosts=real_hosts,
            host_suite=host_suite,
        )
        _say(answer, status, format_)
        if format_ is Format.TEXT:
            stdout.print('Use them: eval "$(ace lab env)"; stop them: ace lab down', markup=False)


@app.command("down")
def down(
    countries: CountriesArgument = None,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove the clouds' data too.")] = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Stop the clouds of the named countries (none: the whole lab). Data is kept unless `--wipe` is given."""
    from ace.lab import Lab
    from ace.lab.environment import cache_folder

    with answering("lab-down", format_) as answer:
        lab = Lab(find_spec_dir(spec).parent)
        names = _clouds_of(lab, countries) if countries else None
        lab.down(wipe=wipe, clouds=names, on_progress=lambda line: stderr.print(line, markup=False))
        answer.body["stopped"] = sorted(names) if names is not None else "all"
        answer.body["wiped"] = wipe
        if format_ is Format.TEXT:
            what = ", ".join(names) if names is not None else "The lab"
            stdout.print(f"{what}: {'stopped and wiped' if wipe else 'stopped; data is kept'}.", markup=False)
            if wipe:
                stdout.print(f"What was installed once stays in {cache_folder()} for the next lab.", markup=False)


@app.command("status")
def status(
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the state of every cloud of the lab, with one request to each API. Exit code 0: all are ready; else 1."""
    from ace.lab import Lab

    with answering("lab-status", format_) as answer:
        _say(answer, Lab(find_spec_dir(spec).parent).status(), format_)


@app.command("env")
def env(
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Print the environment variables that make OpenStack clients use the lab: `eval "$(ace lab env)"`."""
    from ace.lab import Lab

    with answering("lab-env", format_) as answer:
        lab = Lab(find_spec_dir(spec).parent)
        if not lab.clouds_file.exists():
            raise UserError(f"there is no lab in {lab.root}", hint="start one: `ace lab up`", code="no-lab")
        answer.body["env"] = lab.env()
        if format_ is Format.TEXT:
            for name, value in lab.env().items():
                typer.echo(f"export {name}={shlex.quote(value)}")


def _servers(real_hosts: bool | None) -> str:
    """What servers of new clouds will be, and why."""
    from ace.lab import hosts

    reason = "as asked for" if real_hosts is False else hosts.why_not()
    if real_hosts or not reason:
        return "Servers are real hosts: each boots a Debian of its own, in networks of the lab's own."
    return f"Servers are fake ({reason}): they are scheduled, counted and ACTIVE, but nothing runs in them."


def _requests(loaded: Spec, named: list[str] | tuple[str, ...], every: bool) -> tuple[CloudRequest, ...]:
    """The clouds of those countries' data centres.

    Raises:
        UserError: A country is no member, or is a real one: a lab only plays members marked `example: true`.
    """
    if named:
        members = [loaded.member(name) for name in dict.fromkeys(name.upper() for name in named)]
    elif every:
        members = list(loaded.active)
    else:
        members = [member for member in loaded.active if member.code in DEFAULT_COUNTRIES]
        members = members or list(loaded.active[: len(DEFAULT_COUNTRIES)])
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
    from ace.lab import CloudRequest

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


def _clouds_of(lab: Lab, countries: list[str]) -> list[str]:
    known = lab.known()
    wanted = {country.lower() for country in countries}
    have = {request.country for request in known}
    if missing := sorted(wanted - have):
        raise UserError(
            f"this lab has no clouds of {', '.join(missing)}; it has those of {', '.join(sorted(have)) or 'nobody'}",
            hint="see `ace lab status`",
            code="no-such-cloud",
        )
    return [request.name for request in known if request.country in wanted]


def _say(answer: Answer, found: LabStatus, format_: Format) -> None:
    answer.body |= {
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
    answer.exit_code = ExitCode.OK if found.ready else ExitCode.FAILED
    if format_ is not Format.TEXT:
        return
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
