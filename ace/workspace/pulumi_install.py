"""What of Pulumi is installed on this machine: the CLI, its Python language host, the provider that the stacks want."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PACKAGE: Final = "openstack"
_COMMAND_TIMEOUT_S: Final = 20
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+\S*)")
_CACHED: Final = f"resource-{PACKAGE}-v"


@dataclass(frozen=True, slots=True)
class Provider:
    """One installed provider plugin. `version` is empty where it does not say."""

    version: str
    where: str
    on_path: bool = False


@dataclass(frozen=True, slots=True)
class PulumiInstall:
    """What was found. Versions are without `v`."""

    cli: str
    """Empty: `pulumi version` says nothing that is one; then `said` is what it says."""
    said: str
    has_language_host: bool
    providers: tuple[Provider, ...]
    """The one on PATH first: it is what the CLI takes, whatever its version."""

    @property
    def major(self) -> str:
        """The CLI's major version."""
        return self.cli.partition(".")[0]


def wanted() -> str:
    """The provider's version that the stacks want: that of the installed pulumi-openstack; empty if it is not there."""
    try:
        return version(f"pulumi-{PACKAGE}")
    except PackageNotFoundError:
        return ""


def find() -> PulumiInstall | None:
    """Look for it; None when there is no `pulumi` on PATH."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return None
    said = _output(pulumi, "version")
    match = _VERSION.fullmatch(said)
    beside = Path(pulumi).resolve().parent / "pulumi-language-python"  # the CLI looks there as well
    return PulumiInstall(
        match[1] if match else "",
        said,
        shutil.which("pulumi-language-python") is not None or os.access(beside, os.X_OK),
        (*_on_path(), *_in_cache()),
    )


def _on_path() -> list[Provider]:
    plugin = shutil.which(f"pulumi-resource-{PACKAGE}")
    if plugin is None:
        return []
    match = _VERSION.fullmatch(_output(plugin, "--version"))
    return [Provider(match[1] if match else "", plugin, on_path=True)]


def _in_cache() -> list[Provider]:
    home = os.environ.get("PULUMI_HOME") or str(Path(pwd.getpwuid(os.getuid()).pw_dir) / ".pulumi")
    folders = sorted((Path(home) / "plugins").glob(f"{_CACHED}*"))
    return [
        Provider(folder.name.removeprefix(_CACHED), str(folder))
        for folder in folders
        if (folder / f"pulumi-resource-{PACKAGE}").is_file()
    ]


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_TIMEOUT_S,
            check=False,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
