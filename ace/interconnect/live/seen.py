"""What a host reports of itself, as frozen values. It is another's text: what is not as expected reads as nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from shlex import quote
from typing import Any, Final

from ace.interconnect.live.shell import ShellError, SshTarget, run
from ace.interconnect.values import Node, Prefix

PROBE: Final = Path(__file__).with_name("probe.py")


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """A BGP session as one end sees it."""

    state: str
    uptime_s: int
    why: str
    refused: tuple[Prefix, ...]
    """Prefixes that the neighbour sends and that are not accepted."""
    overflow: bool
    """It sent more than the limit, and was cut off."""

    @property
    def up(self) -> bool:
        """Whether it is established."""
        return self.state == "Established"


@dataclass(frozen=True, slots=True)
class Echo:
    """Answers to three packets."""

    received: int
    ms: float | None


@dataclass(frozen=True)
class Seen:
    """What a host sees. Keys of `sessions`, `bfd` and `pings` are addresses, as Python writes them."""

    sessions: Mapping[str, SessionSeen] = field(default_factory=dict)
    bfd: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[Prefix, tuple[int, ...]] = field(default_factory=dict)
    """The AS path of the best path of each prefix; empty: the host's own."""
    pings: Mapping[str, Echo] = field(default_factory=dict)
    big: Mapping[str, bool] = field(default_factory=dict)
    """Whether packets as large as the tunnels' MTU come through."""
    drained: bool = False


def ask(ssh: SshTarget, node: Node, targets: Sequence[str], mtu: int) -> Seen:
    """Ask a host.

    Raises:
        ShellError: It cannot be reached, or makes no sense.
    """
    asked = {"source4": str(node.loopback4), "source6": str(node.loopback6), "targets": list(targets), "mtu": mtu}
    script = PROBE.read_text(encoding="utf-8")
    return parse(run(ssh, f"python3 - {quote(json.dumps(asked))}", script, timeout_s=150))


def parse(text: str) -> Seen:
    """Read an answer.

    Raises:
        ShellError: It is no answer.
    """
    try:
        reported = json.loads(text)
        return Seen(
            sessions={_address(key): _session(value) for key, value in _items(reported, "sessions")},
            bfd={_address(key): str(value)[:20] for key, value in _items(reported, "bfd")},
            routes={ip_network(key): _path(value.get("path", "")) for key, value in _items(reported, "routes")},
            pings={_address(key): Echo(int(v["received"]), v["ms"]) for key, v in _items(reported, "pings")},
            big={_address(key): bool(value) for key, value in _items(reported, "big")},
            drained=reported.get("drained") is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ShellError(f"its answer makes no sense: {error}"[:200]) from None


def _items(reported: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    return list((reported.get(name) or {}).items())


def _session(value: Mapping[str, Any]) -> SessionSeen:
    return SessionSeen(
        state=str(value["state"])[:20],
        uptime_s=int(value.get("uptime_s", 0)),
        why="".join(c for c in str(value.get("why", "")) if c.isprintable())[:80],
        refused=tuple(ip_network(prefix) for prefix in value.get("refused", ())),
        overflow=value.get("overflow") is True,
    )


def _path(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in str(text).split() if word.isdigit())


def _address(text: str) -> str:
    return str(ip_address(text))
