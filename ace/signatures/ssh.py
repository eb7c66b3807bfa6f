"""SSH signatures by OpenSSH's own tools: `ssh-keygen -Y sign` and `-Y verify`, and keys in files, agents and tokens.

The form is that of OpenSSH's PROTOCOL.sshsig. Reading it here only reports *why* a signature does not count; whether it
does is always for `ssh-keygen` to state.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from ace.errors import UserError
from ace.plaintext import last_line

MAX_SIGNATURE_BYTES: Final = 16 * 1024
_TIMEOUT_S: Final = 30
_SIGN_TIMEOUT_S: Final = 120
"""A person may have to touch a token or type a passphrase."""
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_BLOCK = re.compile(rf"{_BEGIN}\n((?:[A-Za-z0-9+/=]{{1,76}}\n)+){_END}\n?")


@dataclass(frozen=True, slots=True)
class AllowedKey:
    """A public key (OpenSSH's one line) whose signatures count from `since` until, and without, `until` (UTC)."""

    key: str
    since: date
    until: date

    def counts_on(self, day: date) -> bool:
        """Whether its signatures count on that day."""
        return self.since <= day < self.until


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: which key claims to have made it, and for what."""

    armored: str
    key: str
    """Type and base64, without comment."""
    namespace: str


class NoSignatureError(Exception):
    """These bytes hold no SSH signature."""


def bare(key: str) -> str:
    """A public key without its comment."""
    return " ".join(key.split(" ")[:2])


def fingerprint(key: str) -> str:
    """`SHA256:...`, as `ssh-keygen -l` shows a key."""
    blob = base64.b64decode(bare(key).split(" ")[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def read_all(raw: bytes) -> tuple[Signature, ...]:
    """The signatures in a file: one or more armoured blocks, nothing else.

    Raises:
        NoSignatureError: It is something else; names what is wrong.
    """
    if len(raw) > MAX_SIGNATURE_BYTES:
        raise NoSignatureError(f"it is larger than {MAX_SIGNATURE_BYTES // 1024} KiB")
    try:
        text = raw.decode("ascii").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise NoSignatureError("it is no plain text") from None
    found, end = [], 0
    for match in _BLOCK.finditer(text):
        if match.start() != end:
            break
        found.append(_read(match.group(), match[1]))
        end = match.end()
    if not found or end != len(text):
        raise NoSignatureError("it is no armoured SSH signature as `ssh-keygen -Y sign` writes it")
    return tuple(found)


def from_line(line: str) -> Signature:
    """A signature that was put on one line.

    Raises:
        NoSignatureError: It is none.
    """
    body = "\n".join(line[start : start + 70] for start in range(0, len(line), 70))
    [signature] = read_all(f"{_BEGIN}\n{body}\n{_END}\n".encode("ascii", "replace"))
    return signature


def on_one_line(armored: str) -> str:
    """The same signature without its armour, on one line."""
    return "".join(line for line in armored.splitlines() if not line.startswith("-"))


def _read(armored: str, body: str) -> Signature:
    try:
        blob = base64.b64decode(body.replace("\n", ""), validate=True)
        if blob[:10] != b"SSHSIG\x00\x00\x00\x01":
            raise ValueError
        key, rest = _string(blob[10:])
        namespace, rest = _string(rest)
        kind, _ = _string(key)
        name, space = kind.decode("ascii"), namespace.decode("ascii")
    except (ValueError, binascii.Error):
        raise NoSignatureError("its base64 holds no SSH signature of version 1") from None
    if not re.fullmatch(r"[a-z0-9@.-]{1,64}", name) or not re.fullmatch(r"[a-z0-9@.-]{1,64}", space):
        raise NoSignatureError("its base64 holds no SSH signature of version 1")
    return Signature(armored, f"{name} {base64.b64encode(key).decode()}", space)


def _string(blob: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(blob[:4], "big")
    if len(blob) < 4 + size:
        raise ValueError
    return blob[4 : 4 + size], blob[4 + size :]


def allowed_signers(principal: str, keys: Iterable[AllowedKey], namespace: str) -> str:
    """The keys as OpenSSH's allowed-signers file (ssh-keygen(1), ALLOWED SIGNERS)."""
    return "".join(
        f'{principal} namespaces="{namespace}",valid-after="{key.since:%Y%m%d}000000Z",'
        f'valid-before="{key.until:%Y%m%d}000000Z" {bare(key.key)}\n'
        for key in keys
    )


def is_signed(
    message: bytes, signature: Signature, principal: str, keys: Iterable[AllowedKey], namespace: str, at: datetime
) -> bool:
    """Whether `ssh-keygen -Y verify` takes the signature over exactly these bytes, by one of the keys, at that time.

    Raises:
        UserError: There is no ssh-keygen here.
    """
    with tempfile.TemporaryDirectory(prefix="ace-verify-") as folder:
        signers, file = Path(folder, "allowed_signers"), Path(folder, "signature")
        signers.write_text(allowed_signers(principal, keys, namespace), encoding="ascii")
        file.write_text(signature.armored, encoding="ascii")
        moment = at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
        options = ("-I", principal, "-n", namespace, "-s", str(file), "-O", f"verify-time={moment}")
        done = _ssh_keygen(("-Y", "verify", "-f", str(signers), *options), message, _TIMEOUT_S)
    return done.returncode == 0


def sign(message: bytes, key_file: Path, namespace: str) -> str:
    """The armoured signature over a message, by a key in a file; a public key's file means the agent's private half.

    Raises:
        UserError: It cannot be signed; names what ssh-keygen reported.
    """
    if not key_file.is_file():
        raise UserError(
            f"{key_file}: there is no such key file", hint="name a private key, or a .pub of the agent's", code="no-key"
        )
    done = _ssh_keygen(("-Y", "sign", "-q", "-f", str(key_file), "-n", namespace), message, _SIGN_TIMEOUT_S)
    if done.returncode != 0:
        raise UserError(
            f"{key_file}: ssh-keygen does not sign with it: {last_line(done.stderr, 'it gave no output')}",
            hint="a key with a passphrase is best loaded into ssh-agent (`ssh-add`), a token's with `ssh-add -s`",
            code="cannot-sign",
        )
    return done.stdout.decode("ascii")


def sign_with_agent(message: bytes, key: str, namespace: str) -> str:
    """The same by a key that the running ssh-agent holds (a token's included, once `ssh-add -s` has loaded it).

    Raises:
        UserError: The agent does not sign.
    """
    with tempfile.TemporaryDirectory(prefix="ace-sign-") as folder:
        file = Path(folder, "key.pub")
        file.write_text(bare(key) + "\n", encoding="ascii")
        return sign(message, file, namespace)


def public_key_of(key_file: Path) -> str:
    """The public half of a key file, private or public, without comment.

    Raises:
        UserError: It is no key.
    """
    beside = key_file.with_name(key_file.name + ".pub")
    for file in (key_file, beside):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if "PRIVATE KEY" not in text and len(text.split()) >= 2:
            return " ".join(text.split()[:2])
    done = _ssh_keygen(("-y", "-P", "", "-f", str(key_file)), b"", _TIMEOUT_S)
    if done.returncode != 0:
        raise UserError(
            f"{key_file}: no key can be read from it: {last_line(done.stderr, 'it gave no output')}",
            hint=f"keep its public half beside it as {beside.name}, so that a passphrase need not be asked twice",
            code="no-key",
        )
    return bare(done.stdout.decode("ascii", "replace").strip())


def agent_keys() -> tuple[str, ...]:
    """Public keys that the running ssh-agent holds; none without an agent."""
    if not os.environ.get("SSH_AUTH_SOCK"):
        return ()
    try:
        done = subprocess.run(("ssh-add", "-L"), capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else []
    return tuple(bare(line) for line in lines if len(line.split(" ")) >= 2)


def make_key(file: Path, comment: str) -> str:
    """Make an Ed25519 key without passphrase in a file (0600), and return its public half; for labs.

    Raises:
        UserError: It cannot be made.
    """
    done = _ssh_keygen(("-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(file)), b"", _TIMEOUT_S)
    if done.returncode != 0:
        raise UserError(
            f"{file}: ssh-keygen makes no key: {last_line(done.stderr, 'it gave no output')}", code="no-key"
        )
    return public_key_of(file)


def _ssh_keygen(arguments: Sequence[str], message: bytes, timeout_s: int) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ("ssh-keygen", *arguments), input=message, capture_output=True, timeout=timeout_s, check=False
        )
    except FileNotFoundError:
        raise UserError(
            "ssh-keygen is not installed here, and signatures are its business",
            hint="install OpenSSH's client: `apt install openssh-client`",
            code="no-ssh-keygen",
        ) from None
    except subprocess.TimeoutExpired:
        raise UserError(
            f"ssh-keygen gave no answer in {timeout_s} s",
            hint="does a token wait for a touch, or an agent for a passphrase?",
            code="ssh-keygen-hangs",
        ) from None
