"""What a country takes along when it leaves: all that is its own, in one archive that only its owner can read."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from ace.files import replacing

README = """What {name} had in {ecosystem}, as of {at}. This is the only complete copy.

member.yaml           the country's own file of the spec
deployment.json       the state of its stack (a Pulumi deployment, version 3); secrets in it are encrypted with the
                      country's passphrase, which is not in here
transitions.jsonl     how it joined, paused and left
publications/         what it published and signed
fitness.json          the last check of its clouds
SHA256SUMS            of each of these
"""


def write_archive(file: Path, entries: Mapping[str, str], name: str, ecosystem: str, at: str) -> str:
    """Write the archive (mode 0600), whole or not at all; returns its SHA-256 in hex.

    Args:
        file: A name that ends in `.tar.gz`.
        entries: Name in the archive -> text.
        name: The country's.
        ecosystem: The region's name.
        at: The moment, for the README.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    all_ = {"README.txt": README.format(name=name, ecosystem=ecosystem, at=at), **entries}
    sums = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n" for path, text in sorted(all_.items()))
    with replacing(file) as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in sorted({**all_, "SHA256SUMS": sums}.items()):
            raw = text.encode()
            info = tarfile.TarInfo(f"{file.name.removesuffix('.tar.gz')}/{path}")
            info.size, info.mode = len(raw), 0o600
            archive.addfile(info, io.BytesIO(raw))
    return hashlib.sha256(file.read_bytes()).hexdigest()


def lines_of(log: str, country: str) -> str:
    """A country's lines of the log of transitions."""
    return "".join(f"{line}\n" for line in log.splitlines() if json.loads(line).get("country") == country)
