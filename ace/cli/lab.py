"""`ace lab`: a region on this machine."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.options import AsOfOption, CountriesArgument, Format, FormatOption, SpecOption
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.cli.show.output import Answer
    from ace.lab import LabStatus

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
    from ace.cli.show import lab as show
    from ace.cli.show.output import answering, stdout
    from ace.operations.lab import start_lab

    with answering("lab-up", format_) as answer:
        found = start_lab(
            find_spec_dir(spec),
            countries or (),
            every=all_,
            port=port,
            real_hosts=real_hosts,
            host_suite=host_suite,
            sink=show.print_event,
        )
        _show_status(answer, found, format_)
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
    from ace.cli.show import lab as show
    from ace.cli.show.output import answering
    from ace.operations.lab import stop_lab

    with answering("lab-down", format_) as answer:
        done = stop_lab(find_spec_dir(spec), countries or (), wipe=wipe, sink=show.print_event)
        answer.document = show.stopped_document(done)
        if format_ is Format.TEXT:
            show.print_stopped(done)


@app.command("status")
def status(
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the state of every cloud of the lab, with one request to each API. Exit code 0: all are ready; else 1."""
    from ace.cli.show.output import answering
    from ace.operations.lab import lab_status

    with answering("lab-status", format_) as answer:
        _show_status(answer, lab_status(find_spec_dir(spec)), format_)


@app.command("env")
def env(
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Print the environment variables that make OpenStack clients use the lab: `eval "$(ace lab env)"`."""
    from ace.cli.show.lab import EnvDocument
    from ace.cli.show.output import answering
    from ace.operations.lab import lab_environment

    with answering("lab-env", format_) as answer:
        variables = lab_environment(find_spec_dir(spec))
        answer.document = EnvDocument(variables)
        if format_ is Format.TEXT:
            for name, value in variables.items():
                typer.echo(f"export {name}={shlex.quote(value)}")


def _show_status(answer: Answer, found: LabStatus, format_: Format) -> None:
    from ace.cli.show import lab as show
    from ace.errors import ExitCode

    answer.document = show.status_document(found)
    answer.exit_code = ExitCode.OK if found.ready else ExitCode.FAILED
    if format_ is Format.TEXT:
        show.print_status(found)
