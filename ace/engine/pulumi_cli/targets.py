"""`--target` as both engines mean it: the CLI names what a target needs; that is added, and it is asked again."""

from __future__ import annotations

import re

from ace.errors import UserError

_NEEDED = re.compile(r"Resource '[^']+' depends on '(urn:[^']+)' which was")
_NOWHERE = re.compile(r"[Tt]arget(?:ed resource)?:? '?(urn:[^'\s]+?)'? could not be found in the stack")


class MoreTargetsError(UserError):
    """A plan for some targets needs others, that are not there yet."""

    def __init__(self, stack: str, urns: tuple[str, ...]) -> None:
        super().__init__(f"{stack}: the targets need {', '.join(urns)}", hint="name those as well", code="no-target")
        self.urns = urns


def require_complete(stack: str, targets: tuple[str, ...], text: str) -> None:
    """Look through what the CLI reported of a plan that failed.

    Raises:
        MoreTargetsError: The targets need what is not there yet.
        UserError: A target is neither in the program nor in the state.
    """
    if not targets:
        return
    if more := tuple(urn for urn in dict.fromkeys(_NEEDED.findall(text)) if urn not in targets):
        raise MoreTargetsError(stack, more)
    if unknown := dict.fromkeys(_NOWHERE.findall(text)):
        raise UserError(
            f"{stack}: --target names what is neither in the program nor in the state: {', '.join(unknown)}",
            hint="URNs are in `ace preview --format json` and in `ace state export`",
            code="no-target",
        )
