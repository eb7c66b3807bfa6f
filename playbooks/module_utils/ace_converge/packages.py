"""Whether what is installed is recent enough for a role's configuration."""

from __future__ import annotations

from collections.abc import Mapping

from ansible.module_utils.ace_converge.values import ConvergeError, Machine


def check_versions(minimum: Mapping[str, str], machine: Machine) -> None:
    """That no installed package is older than its minimum. One that is not there is not looked at: check mode comes before apt.

    Raises:
        ConvergeError: One is; names which, and what is needed.
    """
    if not minimum:
        return
    done = machine.run(
        ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Package} ${Version}\n", *minimum]
    )
    found = [line.split() for line in done.out.splitlines() if line.startswith("ii")]
    old = [
        f"{name} {version} (at least {minimum[name]})"
        for _, name, version in found
        if machine.run(["dpkg", "--compare-versions", version, "lt", minimum[name]]).status == 0
    ]
    if old:
        raise ConvergeError(
            f"too old for what this role configures: {', '.join(old)}; upgrade the host to Debian 12 or 13"
        )
