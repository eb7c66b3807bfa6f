"""One ROOT on one machine, opened: its spec, and the clouds file that is used here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ace.errors import UserError
from ace.layout import Layout
from ace.spec import load
from ace.spec.values import Spec
from ace.workspace import clouds_file
from ace.workspace.clouds_file import CloudsFile
from ace.workspace.root import find_spec_dir


@dataclass(frozen=True, slots=True)
class Workspace:
    """A ROOT with its spec and the clouds that hold for it."""

    spec_dir: Path
    spec: Spec
    clouds: CloudsFile

    @property
    def root(self) -> Path:
        """The folder that holds the spec folder."""
        return self.spec_dir.parent

    @property
    def layout(self) -> Layout:
        """What lies where in this ROOT."""
        return Layout(self.root)


def open_workspace(spec: Path | None, *, without_clouds: bool = False) -> Workspace:
    """The ROOT that is meant, loaded.

    Args:
        spec: The spec folder, if it was named.
        without_clouds: Whether it will do without a clouds.yaml.

    Raises:
        UserError: There is no spec, it has errors, or there is no clouds.yaml.
    """
    directory = find_spec_dir(spec)
    loaded = load(directory)
    return Workspace(directory, loaded, clouds_file.find(directory.parent, may_lack=without_clouds))


def make_private(root: Path) -> None:
    """ROOT/.ace, for its owner only.

    Raises:
        UserError: It cannot be made.
    """
    layout = Layout(root)
    try:
        for path in (layout.private, layout.states, layout.runs):
            path.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o700)
    except OSError as error:
        raise UserError(
            f"{error.filename or layout.private}: {error.strerror}",
            hint="work in a checkout that is yours",
            code="no-root",
        ) from None
