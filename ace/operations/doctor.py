"""Whether this machine and this ROOT are fit for work: each check names what is wrong and its fix; none changes anything."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from ace.errors import Severity, UserError
from ace.layout import Layout
from ace.spec import check as check_spec
from ace.spec.values import Spec
from ace.workspace import clouds_file, passphrase, pulumi_install
from ace.workspace.clouds_file import CloudsFile
from ace.workspace.pulumi_install import PulumiInstall
from ace.workspace.reachable import ask, skew_s
from ace.workspace.root import find_spec_dir

OLDEST_PYTHON: Final = (3, 11)
LITTLE_DISK_GIB: Final = 1.0
PULUMI_MAJOR: Final = "3"
SKEW_S: Final = 60.0
"""Tokens and certificates go wrong when clocks differ by more than about a minute."""
RELEASED: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this is certainly wrong."""


class MachineVerdict(StrEnum):
    """How a check ended."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    WARN = "WARN"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """What one check found. `fix` is what to do about it, empty when it passed."""

    id: str
    verdict: MachineVerdict
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found on this machine and in this ROOT."""

    checks: tuple[MachineCheck, ...]

    @property
    def failed(self) -> bool:
        """Whether anything FAILs; WARN and SKIP do not count."""
        return any(check.verdict is MachineVerdict.FAIL for check in self.checks)


def examine(spec: Path | None, sink: Callable[[MachineCheck], None] = lambda _check: None) -> Checkup:
    """Every check, in the order in which a newcomer needs them.

    Args:
        spec: The spec folder, if it was named.
        sink: Told of each check as it ends.
    """
    found = []
    for check in _checks(spec):
        sink(check)
        found.append(check)
    return Checkup(tuple(found))


def _checks(spec: Path | None) -> Iterator[MachineCheck]:
    yield from (*_python(), *_engine())
    try:
        directory = find_spec_dir(spec)
    except UserError as error:
        yield from (MachineCheck("spec", MachineVerdict.FAIL, error.message, error.hint), *_disk(Path.cwd()))
        return
    root = directory.parent
    loaded, found = _spec(directory)
    yield found
    file: CloudsFile | None = None
    try:
        file = clouds_file.find(root)
    except UserError as error:
        yield MachineCheck("clouds", MachineVerdict.FAIL, error.message, error.hint)
    if file is not None:
        yield from _clouds(file, loaded)
    yield from (*_passphrases(root, loaded, file), *_disk(root), *_lab(root), *_hosts(), *_clock(file))


def _python() -> Iterator[MachineCheck]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST_PYTHON:
        yield MachineCheck(
            "python", MachineVerdict.FAIL, f"Python {version} is too old", "install Python 3.11 or newer"
        )
        return
    missing = [unmet for line in distribution("ace").requires or () if (unmet := _unmet(line))]
    if missing:
        yield MachineCheck(
            "python", MachineVerdict.FAIL, f"missing or of another version: {', '.join(missing)}", "run scripts/setup"
        )
        return
    yield MachineCheck("python", MachineVerdict.PASS, f"Python {version} in {sys.prefix}, all packages there")


def _unmet(line: str) -> str:
    """The requirement, if what is installed does not meet it; of versions only exact ones are compared."""
    if "extra ==" in line:
        return ""
    name, _, exact = line.partition("==")
    try:
        have = distribution(re.split(r"[<>=!~; \[]", name)[0]).version
    except PackageNotFoundError:
        return line
    return "" if not exact or exact == have else f"{line} (have {have})"


def _engine() -> Iterator[MachineCheck]:
    found = pulumi_install.find()
    if found is None:
        yield MachineCheck(
            "engine", MachineVerdict.PASS, "the embedded engine (there is no `pulumi` on PATH, and none is needed)"
        )
    elif found.major != PULUMI_MAJOR:
        yield MachineCheck(
            "engine",
            MachineVerdict.FAIL,
            f"`pulumi version` prints {found.said or 'nothing'}",
            "install the Pulumi CLI, version 3, or take it off PATH: the embedded engine needs none",
        )
    elif not found.has_language_host:
        yield MachineCheck(
            "engine",
            MachineVerdict.FAIL,
            f"Pulumi CLI {found.cli}, without pulumi-language-python",
            "put Pulumi's Python language host on PATH, or use --engine embedded",
        )
    else:
        yield _provider(found)


def _provider(found: PulumiInstall) -> MachineCheck:
    """Whether the CLI has the provider that the stacks want: the one on PATH if there is one, else one of its cache."""
    package, wanted = pulumi_install.PACKAGE, pulumi_install.wanted()
    install = f"pulumi plugin install resource {package} {wanted}".strip()
    on_path = next((one for one in found.providers if one.on_path), None)
    taken = on_path or next((one for one in found.providers if one.version == wanted), None)
    if taken is not None and taken.version in (wanted, ""):
        which = f"{taken.version or 'of unknown version'} ({taken.where})"
        detail = f"Pulumi CLI {found.cli}, its provider {package} {which}; the embedded engine is there too"
        return MachineCheck("engine", MachineVerdict.PASS, f"{detail} (--engine embedded)")
    others = ", ".join(f"{one.version} ({one.where})" for one in ([taken] if taken is not None else found.providers))
    have = f"its provider {package} is {others}" if others else f"without its provider {package}"
    fix = f"{install}, needs Internet; or put pulumi-resource-{package} {wanted} on PATH; or use --engine embedded"
    return MachineCheck("engine", MachineVerdict.WARN, f"Pulumi CLI {found.cli}, {have}; the stacks need {wanted}", fix)


def _spec(directory: Path) -> tuple[Spec | None, MachineCheck]:
    loaded, findings = check_spec(directory)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if loaded is None:
        detail = f"{len(errors)} errors in {directory}, first: {errors[0]}"
        return None, MachineCheck("spec", MachineVerdict.FAIL, detail, "`ace validate` lists all of them")
    if findings:
        detail = f"{directory} is valid, with {len(findings)} warnings"
        return loaded, MachineCheck("spec", MachineVerdict.WARN, detail, "`ace validate` lists them")
    return loaded, MachineCheck("spec", MachineVerdict.PASS, f"{directory}: {len(loaded.active)} active members")


def _clouds(file: CloudsFile, loaded: Spec | None) -> Iterator[MachineCheck]:
    wanted = {
        data_centre.cloud.cloud: member.stack
        for member in (loaded.active if loaded else ())
        for data_centre in member.data_centres
    }
    here = [name for name in wanted if name in file.entries]
    if not here:
        detail = (
            f"{file} has none of the spec's clouds" if loaded else f"{file}: no valid spec names the clouds to check"
        )
        fix = f"its entries are {', '.join(sorted(file.entries)) or 'none'}; the spec names {', '.join(sorted(wanted))}"
        yield MachineCheck(
            "clouds",
            MachineVerdict.FAIL if loaded else MachineVerdict.SKIP,
            detail,
            fix if loaded else "fix the spec first",
        )
        return
    with ThreadPoolExecutor(len(here)) as pool:
        answers = dict(zip(here, pool.map(lambda name: ask(file, name), here), strict=True))
    silent = {name: answer for name, answer in answers.items() if answer}
    for name, why in silent.items():
        fix = (
            f"start it: `ace lab up {wanted[name]}`" if file.is_lab else "check the entry, the network and the password"
        )
        yield MachineCheck("clouds", MachineVerdict.FAIL, f"{name} at {file.auth_url(name)}: {why}", fix)
    if not silent:
        detail = f"{', '.join(here)} let us in; from {file}"
        yield MachineCheck("clouds", MachineVerdict.PASS, detail)


def _passphrases(root: Path, loaded: Spec | None, file: CloudsFile | None) -> Iterator[MachineCheck]:
    if passphrase.is_given():
        yield MachineCheck("passphrase", MachineVerdict.PASS, "given by the environment")
        return
    if loaded is None or file is None:
        yield MachineCheck("passphrase", MachineVerdict.SKIP, "needs a valid spec and a clouds.yaml")
        return
    if file.is_lab:
        yield MachineCheck(
            "passphrase", MachineVerdict.PASS, f"this is a lab: each country's is made in {Layout(root).passphrases}"
        )
        return
    without = [
        member.stack
        for member in loaded.active
        if not file.missing(member) and not Layout(root).passphrase(member.stack).exists()
    ]
    open_ones = [
        path for member in loaded.active if (path := Layout(root).passphrase(member.stack)).exists() and _is_open(path)
    ]
    if open_ones:
        fix = "chmod 600 " + " ".join(str(path) for path in open_ones)
        yield MachineCheck(
            "passphrase", MachineVerdict.FAIL, "others may read " + ", ".join(str(path) for path in open_ones), fix
        )
    elif without:
        fix = f"write each one's into {Layout(root).passphrase('<cc>')} (mode 0600), or set {passphrase.VARIABLES[0]}"
        yield MachineCheck("passphrase", MachineVerdict.FAIL, f"none for {', '.join(without)}", fix)
    else:
        yield MachineCheck("passphrase", MachineVerdict.PASS, "each country with a cloud here has one")


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _disk(root: Path) -> Iterator[MachineCheck]:
    free = shutil.disk_usage(root).free / 2**30
    if not os.access(root, os.W_OK):
        yield MachineCheck(
            "disk", MachineVerdict.FAIL, f"{root} cannot be written to", "work in a checkout that is yours"
        )
    elif free < LITTLE_DISK_GIB:
        yield MachineCheck(
            "disk", MachineVerdict.FAIL, f"{free:.1f} GiB free in {root}", "make room: states and a lab need 1 GiB"
        )
    else:
        yield MachineCheck("disk", MachineVerdict.PASS, f"{free:.0f} GiB free in {root}")


def _lab(root: Path) -> Iterator[MachineCheck]:
    from ace.lab import Lab

    lab = Lab(root)
    if not lab.clouds_file.exists():
        yield MachineCheck(
            "lab", MachineVerdict.SKIP, f"there is no lab in {root}", "for clouds on this machine: `ace lab up`"
        )
        return
    status = lab.status()
    down = [
        *status.down,
        *(f"{cloud.name}: {cloud.detail}" for cloud in status.clouds if cloud.started and cloud.detail),
    ]
    if down:
        yield MachineCheck("lab", MachineVerdict.FAIL, f"down: {', '.join(down)}", "start them again: `ace lab up`")
        return
    ready = [cloud.name for cloud in status.clouds if cloud.ready]
    yield MachineCheck(
        "lab", MachineVerdict.PASS, f"port {status.port}, ready: {', '.join(ready) or 'none, all stopped'}"
    )


def _hosts() -> Iterator[MachineCheck]:
    from ace.lab import hosts

    if reason := hosts.why_not():
        yield MachineCheck(
            "hosts",
            MachineVerdict.SKIP,
            reason,
            "needed only for services in a lab; run `ace lab up` as root on Debian",
        )
    elif missing := hosts.missing_packages():
        detail = f"`ace lab up` will install {', '.join(missing)}, so that a lab's servers can be real hosts"
        yield MachineCheck("hosts", MachineVerdict.PASS, detail)
    else:
        yield MachineCheck("hosts", MachineVerdict.PASS, "a lab's servers can be real hosts on this machine")


def _clock(file: CloudsFile | None) -> Iterator[MachineCheck]:
    now = datetime.now(UTC)
    fix = "set the clock (systemd-timesyncd, chrony); tokens and signatures depend on it"
    if now < RELEASED:
        yield MachineCheck(
            "clock", MachineVerdict.FAIL, f"it is {now:%Y-%m-%d %H:%M} here, before ACE was released", fix
        )
        return
    measured: dict[str, float] = {}
    for name in file.entries if file else ():
        if file is not None and (skew := skew_s(file, name)) is not None:
            measured[name] = skew
    wrong = {name: skew for name, skew in measured.items() if abs(skew) > SKEW_S}
    if wrong:
        detail = ", ".join(f"{skew:+.0f} s against {name}" for name, skew in wrong.items())
        yield MachineCheck("clock", MachineVerdict.WARN, detail, fix)
    else:
        against = f", within {SKEW_S:.0f} s of {len(measured)} clouds'" if measured else ""
        yield MachineCheck("clock", MachineVerdict.PASS, f"{now:%Y-%m-%d %H:%M} UTC{against}")
