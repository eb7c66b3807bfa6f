"""Which store holds a stack that the Pulumi CLI runs: what names one now, and which one is on record.

A store is named, first come first served, by `PULUMI_BACKEND_URL` in the environment, by the stack's own settings (a member
file's `state.backend`), or by `pulumi login`; else it is the stack's own folder. The first run that changes anything records
it in `<state_dir>/pulumi/made`; from then on another one is refused, as another cloud is.
"""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ace.engine.contract import Stack
from ace.errors import RefusedError, UserError
from ace.files import put

VARIABLE: Final = "PULUMI_BACKEND_URL"
MARKER: Final = "made"
"""Beside the workspace: the address of the store that holds the stack. Who finds it knows that this engine holds it."""
_FILE: Final = "file://"


class NamedBy(StrEnum):
    """What names a store."""

    ENVIRONMENT = f"{VARIABLE} in the environment"
    SETTINGS = "`state.backend` in the member file"
    LOGIN = "`pulumi login`"
    NOBODY = "nothing: it is the country's own folder"


@dataclass(frozen=True, slots=True)
class Store:
    """Where a stack's state is. `url` is as the CLI takes it, without relative parts."""

    url: str
    named_by: NamedBy

    @property
    def shown(self) -> str:
        """The address without its password."""
        return shown(self.url)

    @property
    def folder(self) -> Path | None:
        """The folder of a store that is one."""
        return Path(self.url.removeprefix(_FILE).partition("?")[0]) if self.url.startswith(_FILE) else None


def own(stack: Stack) -> Store:
    """The store inside the stack's own folder."""
    return Store(f"{_FILE}{stack.state_dir.absolute() / 'pulumi' / 'backend'}", NamedBy.NOBODY)


def named(stack: Stack) -> Store:
    """The store that is named now.

    Raises:
        UserError: What `pulumi login` has written cannot be read.
    """
    environment = {**os.environ, **stack.environment}
    if url := os.environ.get(VARIABLE):
        return Store(_absolute(url), NamedBy.ENVIRONMENT)
    if url := stack.environment.get(VARIABLE):
        return Store(_absolute(url), NamedBy.SETTINGS)
    if url := logged_in(environment):
        return Store(_absolute(url), NamedBy.LOGIN)
    return own(stack)


def logged_in(environment: Mapping[str, str]) -> str:
    """The store that `pulumi login` chose for this user, empty if none; from the file in which the CLI keeps that.

    Raises:
        UserError: It cannot be read.
    """
    # The CLI asks the user database for the home folder, not HOME.
    home = environment.get("PULUMI_HOME") or str(Path(pwd.getpwuid(os.getuid()).pw_dir) / ".pulumi")
    file = Path(environment.get("PULUMI_CREDENTIALS_PATH") or home) / "credentials.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise UserError(
            f"{file}, in which `pulumi login` keeps the store, cannot be read: {error}",
            hint=f"name the store: export {VARIABLE}=…",
            code="no-store",
        ) from None
    current = content.get("current") if isinstance(content, dict) else None
    return current if isinstance(current, str) else ""


def recorded(stack: Stack) -> str | None:
    """The address of the store on record; None when no run has changed anything yet."""
    try:
        return (stack.state_dir / "pulumi" / MARKER).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def record(stack: Stack, store: Store) -> None:
    """Put the store on record."""
    put(stack.state_dir / "pulumi" / MARKER, store.url)


def resolve(stack: Stack, *, may_move: bool = False) -> Store:
    """The store to be used.

    Args:
        stack: Whose.
        may_move: Whether another store may be named than that on record, because all of the state is about to be put there.

    Raises:
        RefusedError: Another store is named than that on record.
    """
    now, before = named(stack), recorded(stack)
    if before is None or _same(before, now.url):
        return now
    if _is_own(before, stack):
        # It lies right here, and nobody has to name it. A login is for whatever else this user does with Pulumi.
        if now.named_by in (NamedBy.NOBODY, NamedBy.LOGIN):
            return own(stack)
        before = own(stack).url
    if may_move and now.named_by in (NamedBy.ENVIRONMENT, NamedBy.SETTINGS):
        return now
    raise _another(stack, now, before)


def shown(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{parts.netloc.rpartition('@')[2]}"))


def _another(stack: Stack, now: Store, before: str) -> RefusedError:
    name = stack.name
    if now.named_by is NamedBy.ENVIRONMENT and before == own(stack).url:
        back = f"unset {VARIABLE}"
    else:
        back = f"export {VARIABLE}={shown(before)}"
    return RefusedError(
        f"{name}: its state is in {shown(before)}, and this run would use {now.shown} (named by {now.named_by})",
        hint=f"to continue with the store that has it: {back}\n"
        f"to move it: {VARIABLE}={shown(before)} ace state export {name} {name}.json, "
        f"then {VARIABLE}={now.shown} ace state import {name} {name}.json --engine pulumi",
        code="another-store",
    )


def _absolute(url: str) -> str:
    """The address with a folder's path made absolute: from where the user is, not from where the CLI is run."""
    if not url.startswith(_FILE):
        return url.rstrip("/")
    path, mark, query = url.removeprefix(_FILE).partition("?")
    if path == "~" or path.startswith("~/"):
        path = pwd.getpwuid(os.getuid()).pw_dir + path[1:]
    return _FILE + os.path.abspath(path) + mark + query  # noqa: PTH100 - `..` goes, links stay as they were named


def _same(one: str, other: str) -> bool:
    def plain(url: str) -> str:
        if not url.startswith(_FILE):
            return url.rstrip("/")
        return str(Path(_absolute(url).removeprefix(_FILE).partition("?")[0]).resolve())

    return plain(one) == plain(other)


def _is_own(url: str, stack: Stack) -> bool:
    """Whether it is the stack's own folder, or was, before ROOT was moved or restored elsewhere."""
    mine = own(stack)
    if _same(url, mine.url):
        return True
    folder = Store(url, NamedBy.NOBODY).folder
    assert mine.folder is not None  # noqa: S101 - for mypy: it is a folder
    is_like_it = folder is not None and folder.parts[-3:] == mine.folder.parts[-3:]
    return is_like_it and (mine.folder / ".pulumi").is_dir()
