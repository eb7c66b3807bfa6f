"""Whether a country's clouds answer at all: asked when something failed, and by `ace doctor`."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ace.errors import UserError

if TYPE_CHECKING:
    from ace.spec.values import Member
    from ace.workspace.clouds_file import CloudsFile
    from ace.workspace.workspace import Workspace

TIMEOUT_S = 5.0


def unreachable(workspace: Workspace, member: Member, known: str) -> str:
    """The member's clouds that do not answer, in a sentence; empty when all do, or what is known names them already."""
    silent = []
    for data_centre in member.data_centres:
        name = data_centre.cloud.cloud
        if name not in workspace.clouds.entries:
            continue
        url = workspace.clouds.auth_url(name)
        if url and not (name in known and url in known) and (why := silence(url)):
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


def ask(file: CloudsFile, cloud: str) -> str:
    """Log in to a cloud of the file; why that does not work, empty when it does."""
    from ace.engine.contract import CloudError
    from ace.openstack import provider

    openstack = provider()
    try:
        openstack.identity(openstack.configure({"cloud": cloud}, {"OS_CLIENT_CONFIG_FILE": str(file.path)}))
    except (CloudError, UserError) as error:
        return error.message
    return ""


def skew_s(file: CloudsFile, cloud: str) -> float | None:
    """How far a cloud's clock is ahead of ours, in seconds, by its HTTP `Date`; None when it does not say."""
    url = file.auth_url(cloud)
    if urlsplit(url).scheme not in ("http", "https"):
        return None
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - scheme checked
            stamp = answer.headers["Date"]
    except urllib.error.HTTPError as error:
        stamp = error.headers["Date"]
    except (OSError, ValueError):
        return None
    return (parsedate_to_datetime(stamp) - datetime.now(UTC)).total_seconds() if stamp else None
