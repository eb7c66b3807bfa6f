"""What `--target` means: the resources named, and what they need that is not there yet. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ace.errors import UserError


def widened(targets: Collection[str], needs: Mapping[str, Collection[str]], there: Collection[str]) -> tuple[str, ...]:
    """The targets with all that has to be made before them: parents, providers and dependencies, and theirs.

    Args:
        targets: URNs as asked for.
        needs: What each resource of the program needs, by URN.
        there: URNs of what the state holds; it is left as it is unless it is named.
    """
    found = dict.fromkeys(targets)
    waiting = list(targets)
    while waiting:
        for urn in sorted(needs.get(waiting.pop(), ())):
            if urn in needs and urn not in there and urn not in found:
                found[urn] = None
                waiting.append(urn)
    return tuple(found)


def require_known(stack: str, targets: Collection[str], known: Collection[str]) -> None:
    """Make sure that each target is a resource of the program or of the state.

    Raises:
        UserError: One is not; it would be left out without a word.
    """
    unknown = [urn for urn in targets if urn not in known]
    if unknown:
        raise UserError(
            f"{stack}: --target names what is neither in the program nor in the state: {', '.join(unknown)}",
            hint="URNs are in `ace preview --format json` and in `ace state export`",
            code="no-target",
        )
