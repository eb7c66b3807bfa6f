"""Secrets in state as Pulumi's passphrase manager keeps them (pkg/secrets/passphrase, config/crypt.go).

AES-256-GCM; the key is PBKDF2-SHA256 of the passphrase, 1,000,000 rounds over 8 bytes of salt. The manager's own state is
`v1:<salt>:<ciphertext of "pulumi">`, by which a wrong passphrase is known; a ciphertext is `v1:<nonce>:<sealed>`, base64.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ace.errors import UserError

_ROUNDS: Final = 1_000_000
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_PROOF: Final = "pulumi"

_keys: dict[tuple[str, bytes], bytes] = {}
_keys_lock = threading.Lock()


class PassphraseSecrets:
    """Encrypts and decrypts one stack's secrets. Thread-safe; costs nothing until the first secret.

    Args:
        passphrase: The country's own.
        state: The manager's state as an earlier deployment carries it; None makes a new salt.
    """

    def __init__(self, passphrase: str, state: str | None = None) -> None:
        self._passphrase = passphrase
        self._given = state
        self._lock = threading.RLock()
        self._cipher: AESGCM | None = None
        self._known: dict[str, str] = {}
        """Plaintext -> ciphertext, so that what did not change is written as it was."""

    @property
    def state(self) -> str:
        """What the deployment carries so that the same passphrase opens it again."""
        with self._lock:
            self._open()
            assert self._given is not None  # noqa: S101 - _open made it
            return self._given

    def encrypt(self, plaintext: str) -> str:
        """The ciphertext; the same for the same plaintext for the life of this object and of what it decrypted."""
        with self._lock:
            if plaintext not in self._known:
                self._known[plaintext] = _seal(self._open(), plaintext)
            return self._known[plaintext]

    def decrypt(self, ciphertext: str) -> str:
        """The plaintext.

        Raises:
            UserError: The passphrase is wrong, or the ciphertext was altered.
        """
        with self._lock:
            plaintext = _unseal(self._open(), ciphertext)
            self._known[plaintext] = ciphertext
            return plaintext

    def _open(self) -> AESGCM:
        if self._cipher is None:
            if self._given is None:
                salt = os.urandom(_SALT_BYTES)
                self._cipher = AESGCM(_key(self._passphrase, salt))
                self._given = f"v1:{base64.b64encode(salt).decode()}:{_seal(self._cipher, _PROOF)}"
            else:
                version, salt_text, proof = [*self._given.split(":", 2), "", ""][:3]
                if version != "v1" or not proof:
                    raise UserError(
                        "the state's secrets provider is not one that ACE reads",
                        hint="ACE reads `passphrase`, version 1",
                        code="secrets-provider",
                    )
                cipher = AESGCM(_key(self._passphrase, base64.b64decode(salt_text)))
                if _unseal(cipher, proof) != _PROOF:
                    raise _wrong_passphrase()
                self._cipher = cipher
        return self._cipher


def _key(passphrase: str, salt: bytes) -> bytes:
    """The derived key; about half a second of CPU, once per passphrase and salt in a process."""
    with _keys_lock:
        known = _keys.get((passphrase, salt))
    if known is None:
        known = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, _KEY_BYTES)
        with _keys_lock:
            _keys[passphrase, salt] = known
    return known


def _seal(cipher: AESGCM, plaintext: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = cipher.encrypt(nonce, plaintext.encode(), None)
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"


def _unseal(cipher: AESGCM, ciphertext: str) -> str:
    try:
        version, nonce, sealed = ciphertext.split(":", 2)
        if version != "v1":
            raise ValueError(version)
        return cipher.decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None).decode()
    except (InvalidTag, ValueError):
        raise _wrong_passphrase() from None


def _wrong_passphrase() -> UserError:
    return UserError(
        "the passphrase does not open this state's secrets",
        hint="check PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE (in a lab: .ace/passphrase/<cc>)",
        code="wrong-passphrase",
    )
