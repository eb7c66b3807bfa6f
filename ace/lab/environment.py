"""The lab's own Python environment and empty databases, made once per machine and kept in the user's cache.

Both are keyed by what they are made from, made in a folder of another name and then renamed: what has its name is whole.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ace.errors import UserError
from ace.files import locked
from ace.lab.values import Progress

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK_FILE = CHECKOUT / "requirements" / "lab.lock"
DRIVERS = Path(__file__).resolve().parent / "drivers"
START = DRIVERS / "start.py"
TEMPLATE_SOURCES = ("templates.py", "configuration.py", "cloud.py", "openstack/*.py")
ENTRY_POINTS = "[neutron.ml2.mechanism_drivers]\nace_lab = drivers.networks.mechanism:LabMechanism\n"
"""What OpenStack finds by name only; the modules are found on the path that `start.py` sets."""
INSTALL_MB = 900
"""Room that the environment and the templates need, with some to spare."""


def cache_folder() -> Path:
    """`$ACE_CACHE_DIR`, else `ace` below `$XDG_CACHE_HOME` or `~/.cache`."""
    if named := os.environ.get("ACE_CACHE_DIR"):
        return Path(named).resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "ace"
    except RuntimeError:
        raise UserError(
            "no home folder is known to keep the lab's environment in",
            hint="name a folder in ACE_CACHE_DIR",
            code="no-cache",
        ) from None


def drivers_digest() -> str:
    """Of the code that the lab's processes run."""
    return digest(*(file.read_bytes() for file in sorted(DRIVERS.rglob("*.py"))))


class Cache:
    """The cached environment (`python`) and databases (`templates`)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder()
        python = (
            f"{platform.python_implementation()}-{platform.python_version()}-{platform.machine()}-{sys.base_prefix}"
        )
        self._environment_key = digest(LOCK_FILE.read_bytes(), python.encode(), ENTRY_POINTS.encode())
        sources = sorted(file for pattern in TEMPLATE_SOURCES for file in DRIVERS.glob(pattern))
        self._templates_key = digest(self._environment_key.encode(), *(file.read_bytes() for file in sources))

    @property
    def environment(self) -> Path:
        return self.folder / f"lab-environment-{self._environment_key}"

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def templates(self) -> Path:
        return self.folder / f"lab-templates-{self._templates_key}"

    @property
    def complete(self) -> bool:
        return self.environment.is_dir() and self.templates.is_dir()

    def fill(self, on_progress: Progress) -> None:
        """Make what is missing.

        Raises:
            UserError: It cannot be made; with the installer's or the services' last lines.
        """
        if self.complete:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"the cache folder {self.folder} cannot be made: {error.strerror}",
                hint="name a folder that is yours in ACE_CACHE_DIR",
                code="no-cache",
            ) from None
        made_once(self.environment, lambda folder: _install(folder, on_progress), on_progress)
        made_once(self.templates, lambda folder: self._make_templates(folder, on_progress), on_progress)

    def _make_templates(self, folder: Path, on_progress: Progress) -> None:
        on_progress("making the services' databases once (half a minute); later clouds start from copies")
        folder.mkdir()
        _run(
            [str(self.python), "-I", "-W", "ignore", str(START), "templates", str(folder)],
            "the services' databases could not be made",
            code="lab-templates",
            environment={"XDG_CACHE_HOME": str(folder / "work" / "cache")},
        )


def made_once(folder: Path, make: Callable[[Path], None], on_progress: Progress) -> None:
    """Make `folder` if it is not there; of several commands at once one makes it, the others wait."""
    if folder.is_dir():
        return
    waiting = f"waiting for another command that is making {folder}"
    with locked(folder.with_name(f"{folder.name}.lock"), lambda _holder: on_progress(waiting)):
        if folder.is_dir():
            return
        half = folder.with_name(f"{folder.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        try:
            make(half)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        half.rename(folder)


def _install(folder: Path, on_progress: Progress) -> None:
    on_progress(f"installing OpenStack for the lab, once, into {folder.parent} (about 650 MB)")
    failed = "OpenStack could not be installed for the lab"
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    python = str(folder / "bin" / "python")
    # The lock file is complete; pip would ask for a pin of `sqlalchemy[asyncio]` besides that of `sqlalchemy`.
    packages = ["--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK_FILE)]
    if uv:
        _run([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(folder)], failed)
        _run([uv, "pip", "install", "--python", python, *packages], failed)
    else:
        _run([sys.executable, "-m", "venv", str(folder)], f"{failed}: this Python cannot make environments")
        _run([python, "-m", "pip", "install", "--disable-pip-version-check", *packages], failed)
    (site,) = folder.glob("lib/python3*/site-packages")
    described = site / "ace_lab-1.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: ace-lab\nVersion: 1\n", encoding="utf-8")
    (described / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")


def _run(
    command: list[str], failed: str, *, code: str = "lab-install", environment: dict[str, str] | None = None
) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        # Whom the machine trusts, as scripts/setup.
        env={"UV_SYSTEM_CERTS": "true", **os.environ, **(environment or {})},
        check=False,
    )
    if done.returncode:
        output = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise UserError(
            f"{failed}:\n{output}",
            hint="check the network, the package index's settings and `ace doctor`, then run the command again",
            code=code,
        )


def digest(*parts: bytes) -> str:
    """Sixteen digits that follow from those parts."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]
