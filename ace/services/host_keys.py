"""Whether a host is who it was: keys from the console log, pinned per instance. Pure.

A host makes its keys at first boot and cloud-init writes the public halves to its console, which only the cloud gives
out: a way that whoever sits on the network does not control. Pins are OpenSSH `known_hosts` lines under the host's name,
with the instance's id as comment: another instance (a server built anew) is pinned anew; the same one with another key is
somebody else, and refused. A line without an id was pinned by hand and is believed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
_BEGIN, _END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_INSTANCE = re.compile(r"^instance:([A-Za-z0-9-]{1,64})$")


@dataclass(frozen=True, order=True)
class HostKey:
    """A public host key: its type and its base64 blob, checked against each other."""

    type: str
    blob: str

    def __str__(self) -> str:
        return f"{self.type} {self.blob}"


@dataclass(frozen=True)
class Pin:
    """The keys that a host is known by; `instance` is empty where they were pinned by hand."""

    host: str
    instance: str
    keys: tuple[HostKey, ...]


def parse_key(text: str) -> HostKey | None:
    """A key as `ssh-keyscan` or cloud-init writes it (without a host name), or None if it is none."""
    parts = text.split()
    if len(parts) < 2 or parts[0] not in KEY_TYPES:
        return None
    try:
        raw = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    length = int.from_bytes(raw[:4], "big")
    return HostKey(parts[0], parts[1]) if raw[4 : 4 + length] == parts[0].encode() and len(raw) > 4 + length else None


def on_console(log: str) -> tuple[HostKey, ...]:
    """The keys between cloud-init's markers, those of the newest whole block; none: not (yet) there.

    Lines may carry what a console puts around them: colours, carriage returns, a prefix such as `ci-info: `.
    """
    lines = [_ESCAPES.sub("", line).strip() for line in log.replace("\r", "\n").splitlines()]
    found: tuple[HostKey, ...] = ()
    block: list[HostKey] | None = None
    for line in lines:
        if line.endswith(_BEGIN):
            block = []
        elif line.endswith(_END):
            found = tuple(sorted(set(block))) if block else found
            block = None
        elif block is not None:
            for key_type in KEY_TYPES:
                at = line.find(f"{key_type} ")
                if at >= 0 and (key := parse_key(line[at:])) is not None:
                    block.append(key)
                    break
    return found


def read_pins(text: str) -> dict[str, Pin]:
    """The pins of a `known_hosts` file, by host; lines that ACE did not make stay what they are to OpenSSH alone."""
    pins: dict[str, Pin] = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) < 3 or line.startswith(("#", "@", "|")) or (key := parse_key(" ".join(parts[1:3]))) is None:
            continue
        match = _INSTANCE.match(parts[3]) if len(parts) > 3 else None
        instance = match.group(1) if match else ""
        before = pins.get(parts[0])
        keys = before.keys if before is not None and before.instance == instance else ()
        pins[parts[0]] = Pin(parts[0], instance, (*keys, key))
    return pins


def write_pins(pins: Iterable[Pin]) -> str:
    """The `known_hosts` file of those pins."""
    lines = [
        "# Host keys, pinned by ace from the console logs; `instance:` says of which server. See docs/services.md."
    ]
    for pin in sorted(pins, key=lambda pin: pin.host):
        tail = f" instance:{pin.instance}" if pin.instance else ""
        lines += [f"{pin.host} {key}{tail}" for key in pin.keys]
    return "\n".join(lines) + "\n"


def to_ask(pins: Mapping[str, Pin], instances: Mapping[str, str]) -> tuple[str, ...]:
    """The hosts whose console has to be read: never pinned, or another server than the one that was.

    Args:
        pins: What is pinned, by host.
        instances: The id of the server that each host is now.
    """
    return tuple(
        host
        for host, instance in sorted(instances.items())
        if host not in pins or (pins[host].instance and pins[host].instance != instance)
    )


def pinned(
    pins: Mapping[str, Pin], instances: Mapping[str, str], seen: Mapping[str, Sequence[HostKey]]
) -> dict[str, Pin]:
    """The pins with what the consoles of those hosts reported; hosts that are gone are forgotten."""
    kept = {host: pin for host, pin in pins.items() if host in instances}
    return kept | {host: Pin(host, instances[host], tuple(keys)) for host, keys in seen.items() if keys}
