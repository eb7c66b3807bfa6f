"""Plain data as bytes that are the same for everybody: canonical JSON (RFC 8785)."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(plain: Any) -> bytes:
    """Plain data of texts, whole numbers, booleans, null, lists and mappings as canonical JSON."""
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(raw: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()
