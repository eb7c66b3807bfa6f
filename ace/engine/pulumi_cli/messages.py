"""The messages of the Pulumi CLI, its language host and Terraform-based providers when something fails, made readable: pure."""

from __future__ import annotations

import json
import re
from typing import Any

_TRACEBACK = re.compile(
    r"(?:Program failed with an unhandled exception:\s*)?Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*"
    r"(?:Exception: )?"
)
"""The frames; what stays is the exception's own line."""
_LOGGED = re.compile(r"^sdk-v2/\S+: sdk\.\w+: (?P<text>.*?)(?:: provider=\S+)?$")
"""The provider logs each error before it returns it."""
_COUNT = re.compile(r"^(?P<before>.*?)\d+ errors? occurred:$")
_INVOKE = re.compile(r"invoke of (\S+) failed: invocation of \S+ returned an error: invoking \S+: ?")
_HTTP = re.compile(
    r"Expected HTTP response code \[[^\]]*\] when accessing \[(?P<method>[A-Z]+) (?P<url>[^\]]+)\], "
    r"but got (?P<status>\d+) instead: (?P<body>.*)$"
)


_PROTECTED = re.compile(
    r"resource \"(urn:pulumi:[^\"]+)\"(?: cannot be deleted|; as it is currently marked for protection)"
)


def protected_in(text: str) -> list[str]:
    """URNs of protected resources that stopped a plan, out of what Pulumi reported."""
    return list(dict.fromkeys(_PROTECTED.findall(text)))


def readable(text: str) -> str:
    """One line with what failed and why: no frames, no log prefixes, nothing repeated."""
    lines: list[str] = []
    before = ""
    for raw in _INVOKE.sub(_looked_up, _TRACEBACK.sub("", text)).splitlines():
        line = _LOGGED.sub(r"\g<text>", raw.strip().removeprefix("* ").removeprefix("error: "))
        if match := _COUNT.match(line):
            before = match["before"]
            continue
        if line:
            lines.append(before + _HTTP.sub(_answered, line))
            before = ""
    return "; ".join(dict.fromkeys(lines))


def _looked_up(match: re.Match[str]) -> str:
    return f"look-up {match[1].rsplit(':', 1)[-1]}: "


def _answered(match: re.Match[str]) -> str:
    return f"the cloud answered {match['method']} {match['url']} with {match['status']}: {_message(match['body'])}"


def _message(body: str) -> str:
    """The message in an OpenStack error body; the body itself if there is none."""
    try:
        content: Any = json.loads(body)
    except ValueError:
        return body
    inner = content
    if isinstance(content, dict) and len(content) == 1:
        inner = next(iter(content.values()))
    if isinstance(inner, dict) and isinstance(inner.get("message"), str):
        return str(inner["message"])
    return body
