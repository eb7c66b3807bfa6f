"""The passphrase that a country's state secrets are encrypted with."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ace.errors import UserError
from ace.files import put
from ace.layout import Layout

VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def is_given() -> bool:
    """Whether the environment gives one."""
    return any(variable in os.environ for variable in VARIABLES)


def of(root: Path, country: str, *, may_make: bool) -> str:
    """The environment's, else that in ROOT/.ace/passphrase; in a lab one is made.

    Args:
        root: ROOT.
        country: The stack's name.
        may_make: Whether the clouds are this ROOT's lab, where a made-up one will do.

    Raises:
        UserError: There is none; says what to set.
    """
    text, file = VARIABLES
    if text in os.environ:
        return os.environ[text]
    if file in os.environ:
        return _read(Path(os.environ[file]), f"{file} names")
    own = Layout(root).passphrase(country)
    if own.exists():
        return _read(own, "the passphrase file")
    if not may_make:
        raise UserError(
            f"{country}: no passphrase for the secrets in its state",
            hint=f"set {text} or {file}, or write one into {own} (mode 0600); each country has its own",
            code="no-passphrase",
        )
    own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    put(own, secrets.token_urlsafe(32) + "\n")
    return _read(own, "the passphrase file")


def _read(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"{what} {path}: {said}", hint="correct it", code="no-passphrase") from None
