"""The firewall: rule files in `/etc/nftables.d/`, one or more a role, that together make the table `inet ace`.

What the files load to in an empty network namespace is compared with what the kernel has. So a rule that somebody added or
flushed by hand shows, a file that cannot be loaded is never written, and all is loaded in one transaction.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible.module_utils.ace_converge.files import File, converge_files
from ansible.module_utils.ace_converge.values import Change, ConvergeError, Machine, read

RULES_FOLDER = "/etc/nftables.d"
TABLE = ("inet", "ace")
START_AFRESH = "table inet ace {}\ndelete table inet ace\n"
"""Before the files: nothing of an older load stays, and other people's tables are not touched."""
_COUNTERS = re.compile(r" packets \d+ bytes \d+")


@dataclass(frozen=True)
class Rules:
    """A rule file; `content` None: it is not there."""

    name: str
    content: str | None


def converge_firewall(rules: Sequence[Rules], machine: Machine) -> list[Change]:
    """Make the rule files as desired, and the kernel's table match all of them.

    Raises:
        ConvergeError: The rules cannot be loaded; nothing was changed.
    """
    wanted_text = START_AFRESH + "".join(_texts(rules, machine))
    loaded = machine.run(["unshare", "--net", "sh", "-c", f"nft -f - && nft list table {' '.join(TABLE)}"], wanted_text)
    files = [File(f"{RULES_FOLDER}/{rule.name}", rule.content, mode=0o640) for rule in rules]
    first = loaded.status == 127 or not os.path.isdir(machine.path(RULES_FOLDER))
    if loaded.status and machine.check and first:  # the package or the rules that these build on are still to come
        return [*converge_files(files, machine), Change("firewall", "", "the rules above, loaded")]
    if loaded.status:
        raise ConvergeError(f"nft refuses the rules of {', '.join(rule.name for rule in rules)}: {loaded.message}")
    changes = converge_files(files, machine)
    live = machine.run(["nft", "list", "table", *TABLE])
    desired, now = _plain(loaded.out), _plain(live.out)
    if desired != now:
        changes.append(Change("firewall: table inet ace, as the kernel has it", now, desired))
        if not machine.check:
            machine.must(["nft", "-f", "-"], wanted_text)
    return changes


def _texts(rules: Sequence[Rules], machine: Machine) -> list[str]:
    """All files' texts in the order in which `include` reads them, with the desired ones in place of those there."""
    folder = machine.path(RULES_FOLDER)
    texts = {
        name: read(f"{folder}/{name}")
        for name in (os.listdir(folder) if os.path.isdir(folder) else ())
        if name.endswith(".nft") and not name.startswith(".")
    }
    texts |= {rule.name: rule.content for rule in rules}
    return [text.rstrip("\n") + "\n" for _, text in sorted(texts.items()) if text]


def _plain(listing: str) -> str:
    """Without what changes by itself."""
    return _COUNTERS.sub("", listing)
