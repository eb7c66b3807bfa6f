"""What a stack's goals depend on, as one digest: when nothing of it has changed, the program need not be asked again."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from ace.files import below

_PACKAGES = ("pulumi", "pulumi-openstack", "openstacksdk", "pydantic", "pyyaml")
"""Those that a program's goals, or how they compare with a state, go through."""
_VARIABLES = ("ACE_", "OS_")
_SECRET = ("PASS", "SECRET", "TOKEN")
"""Never digested: a quick hash of a password is a way to guess it."""
_KINDS = (".py", ".yaml", ".yml", ".json")


def fingerprint(checkout: Path, spec_dir: Path, environment: Mapping[str, str]) -> str:
    """A digest (hexadecimal SHA-256) of the spec's files, the code of ACE and of the stacks, and their surroundings.

    Args:
        checkout: The folder of Pulumi.yaml.
        spec_dir: The folder of ecosystem.yaml.
        environment: What is added to the program's environment.
    """
    digest = hashlib.sha256()

    def take(*parts: str | bytes) -> None:
        for part in parts:
            data = part if isinstance(part, bytes) else part.encode()
            digest.update(len(data).to_bytes(8, "big"))
            digest.update(data)

    take(sys.version, *(version(package) for package in _PACKAGES))
    for key, value in sorted({**os.environ, **environment}.items()):
        if key.startswith(_VARIABLES) and not any(word in key for word in _SECRET):
            take(key, value)
    for base in (checkout / "ace", checkout / "stacks", spec_dir):
        for file in (file for file in below(base) if file.suffix in _KINDS):
            take(str(file.relative_to(base)), file.read_bytes())
    take((checkout / "Pulumi.yaml").read_bytes())
    return digest.hexdigest()
