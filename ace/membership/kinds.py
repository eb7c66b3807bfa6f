"""Kinds of answer: how a line typed on a terminal is read, and what is then accepted (as in a file of answers)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import TypeAdapter, ValidationError

from ace.spec.fields import (
    Audience,
    Backend,
    Email,
    HttpsUrl,
    Id,
    Line,
    PlainName,
    PublicKey,
    shown,
)

_TEAM = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PLACEHOLDER: Final = "placeholder"
"""The comment of a public key whose private half nobody has."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer.

    `read` makes a value of what was typed; `accept` takes a value (from a file or from `read`) and the allowed choices,
    and gives it as the template has it.

    Both raise `ValueError` with a sentence for a person.
    """

    read: Callable[[str], Any]
    accept: Callable[[Any, Sequence[str], int | None], Any]


def is_placeholder(key: str) -> bool:
    """Whether a public key is one that nobody can use."""
    return key.split(" ")[2:] == [PLACEHOLDER]


def _field(annotation: Any) -> Callable[[Any, Sequence[str], int | None], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def accept(value: Any, _choices: Sequence[str], _most: int | None) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"]) from None

    return accept


def _yes_no(value: Any, _choices: Sequence[str], _most: int | None) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither yes nor no")
    return value


def _read_yes_no(text: str) -> Any:
    answers = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
    return answers.get(text.strip().lower(), text)


def _choice(value: Any, choices: Sequence[str], _most: int | None) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{shown(value)} is not one of {', '.join(choices)}")
    return value


def _list_of(one: Callable[[Any, Sequence[str], int | None], Any], *, least: int = 0) -> Callable[..., list[Any]]:
    def accept(value: Any, choices: Sequence[str], most: int | None) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError(f"expected a list, not {shown(value)}")
        accepted = [one(item, choices, most) for item in value]
        if len(set(accepted)) < len(accepted):
            raise ValueError("something is listed twice")
        if len(accepted) < least:
            raise ValueError("at least one is needed")
        return accepted

    return accept


def _read_list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _count(value: Any, _choices: Sequence[str], most: int | None) -> int:
    top = most if most is not None else 64
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= top:
        raise ValueError(f"{shown(value)} is no number from 1 to {top}")
    return value


def _read_count(text: str) -> Any:
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text.strip()) else text


def _team(value: Any, _choices: Sequence[str], _most: int | None) -> str:
    if not isinstance(value, str) or not _TEAM.fullmatch(value):
        raise ValueError(f"{shown(value)} is no team such as @ace-sc/platform")
    return value


def _key(value: Any, choices: Sequence[str], most: int | None) -> str:
    """A public key; nothing for a fresh one that nobody has the other half of."""
    if value == "":
        return placeholder_key()
    return str(_field(PublicKey)(value, choices, most))


def placeholder_key() -> str:
    """A fresh public key whose private half is thrown away."""
    public = Ed25519PrivateKey.generate().public_key()
    return f"{public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} {PLACEHOLDER}"


KINDS: Final[Mapping[str, Kind]] = {
    "line": Kind(str.strip, _field(Line)),
    "id": Kind(str.strip, _field(Id)),
    "plain_name": Kind(str.strip, _field(PlainName)),
    "plain_names": Kind(_read_list, _list_of(_field(PlainName), least=1)),
    "email": Kind(str.strip, _field(Email)),
    "url": Kind(str.strip, _field(HttpsUrl)),
    "backend": Kind(str.strip, _field(Backend)),
    "audiences": Kind(_read_list, _list_of(_field(Audience), least=1)),
    "key": Kind(str.strip, _key),
    "team": Kind(str.strip, _team),
    "yes_no": Kind(_read_yes_no, _yes_no),
    "count": Kind(_read_count, _count),
    "choice": Kind(str.strip, _choice),
    "choices": Kind(_read_list, _list_of(_choice)),
}
