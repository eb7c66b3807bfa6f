"""Whether a country's clouds answer at all: asked when something failed, and by `ace doctor`."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ace.cli.wiring import Place
    from ace.spec.values import Member

TIMEOUT_S = 5.0


def unreachable(place: Place, member: Member) -> str:
    """The member's clouds that do not answer, in a sentence; empty when all do."""
    silent = []
    for data_centre in member.data_centres:
        name = data_centre.cloud.cloud
        if name not in place.clouds.entries:
            continue
        url = place.clouds.auth_url(name)
        if url and (why := silence(url)):
            silent.append(f"cloud {name} does not answer at {url} ({why})")
    return "; ".join(silent)


def silence(url: str) -> str:
    """Why nothing can be reached at an address; empty when something listens there."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout=TIMEOUT_S):
            return ""
    except (OSError, ValueError) as error:
        return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
