"""A digest of all that a run's inputs follow from: its inventory, its variables, its playbooks.

Each host has its own: a variable that only that host's inputs follow from is not in the others'.

Two runs with the same digest state the same to the host. One that remembers the last whole run by its digest need
only be asked whether all of it still holds (`playbooks/module_utils/ace_converge/record.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ace.errors import UserError
from ace.files import below, put
from ace.layout import Layout
from ace.services.ansible import DNS_DS, OWN

Digests = Mapping[str, str]
"""A digest for each host by name; none where the inputs follow from more than can be digested."""
Digester = Callable[[Mapping[str, Any]], Digests]
"""From an inventory as Ansible reads it (`ace.services.ansible.static`)."""
_LOOKS_ELSEWHERE: Final = re.compile(rf"\b(lookup|query|q)\s*\(|\b(ansible_date_time|{DNS_DS})\b")
_KEY_BYTES: Final = 32


def digester(root: Path, playbook: Path, group_vars: Path | None) -> Digester:
    """The digester of runs of a playbook with variables of those files.

    The digest is keyed: variables may be passwords, and it shows in a run's record.

    Args:
        root: ROOT; `.ace` in it has the key, made at its first use.
        playbook: With all that lies beside it.
        group_vars: The country's own variables.

    Raises:
        UserError: The key cannot be read or made.
    """
    key = _key(Layout(root).inputs_key)
    common = hashlib.blake2b(key=key)
    common.update(version("ansible-core").encode())
    dynamic = False
    for base in (playbook.parent, group_vars):
        if base is None:
            continue
        for file in filter(Path.is_file, below(base)):
            content = file.read_bytes()
            common.update(f"{file.relative_to(base)}\0{len(content)}\0".encode() + content)
            if base is group_vars and _LOOKS_ELSEWHERE.search(content.decode("utf-8", errors="replace")):
                dynamic = True

    def digest(inventory: Mapping[str, Any]) -> Digests:
        if dynamic:
            return {}
        hosts = inventory["all"]["hosts"]
        shared = {host: {name: value for name, value in its.items() if name not in OWN} for host, its in hosts.items()}
        region = common.copy()
        region.update(json.dumps({**inventory, "all": {**inventory["all"], "hosts": shared}}, sort_keys=True).encode())
        found = {}
        for host, its in hosts.items():
            own = region.copy()
            own.update(json.dumps({name: its[name] for name in its if name in OWN}, sort_keys=True).encode())
            found[host] = own.hexdigest()[:64]
        return found

    return digest


def _key(file: Path) -> bytes:
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            put(file, secrets.token_hex(_KEY_BYTES))
        return bytes.fromhex(file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{file}: {error}", hint="remove it: a new one is made, and hosts are looked at in full once", code="no-key"
        ) from None
