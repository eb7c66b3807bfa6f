"""ROOTs that older releases made, kept in tests/fixtures: every byte as it was written. README.md there says how."""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path
from typing import Final

import yaml

FIXTURES: Final = Path(__file__).parent / "fixtures"
ROOT_4807924: Final = FIXTURES / "root-4807924"
LARGE: Final = 16 * 1024
"""From this size on a file is kept compressed, `.gz`."""
KEPT: Final = (
    "ecosystem/*.yaml",
    "ecosystem/*.jsonl",
    "ecosystem/members/*",
    "publications/*",
    "lab-signers/*",
    ".ace/*.json",
    ".ace/*.key",
    ".ace/facts/*",
    ".ace/interconnect-applied/**/*",
    ".ace/judged/*",
    ".ace/known_hosts/*",
    ".ace/passphrase/*",
    ".ace/runs/*.json",
    ".ace/ssh/*",
    ".ace/state/*/*",
    ".ace/state/*/pulumi/*",
    ".ace/state/*/pulumi/backend/.pulumi/*",
    ".ace/state/*/pulumi/backend/.pulumi/stacks/ace/*.json",
)
"""What a ROOT's life is written in; not the lab, its keys, what Ansible left and Pulumi's own history."""


def keep(root: Path, fixture: Path) -> None:
    """Put what a ROOT's life is written in into a new fixture."""
    for file in sorted({file for pattern in KEPT for file in root.glob(pattern) if file.is_file()}):
        content = file.read_bytes().replace(sys.base_prefix.encode(), b"/usr")  # Pulumi keeps where a program ran
        kept = fixture / file.relative_to(root)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if len(content) < LARGE:
            kept.write_bytes(content)
        else:
            kept.with_name(f"{kept.name}.gz").write_bytes(gzip.compress(content, mtime=0))


def unpack(fixture: Path, root: Path) -> Path:
    """Make a ROOT of a fixture again, only for its owner, with a clouds.yaml as of a lab that is down; returns it."""
    for file in sorted(path for path in fixture.rglob("*") if path.is_file()):
        made = root / file.relative_to(fixture)
        made.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".gz":
            made = made.with_suffix("")
            made.write_bytes(gzip.decompress(file.read_bytes()))
        else:
            shutil.copyfile(file, made)
    for path in (root / ".ace", *(root / ".ace").rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    lab = root / ".ace" / "lab"
    lab.mkdir(mode=0o700)
    nobody = {"auth_url": "http://127.0.0.1:9/identity/v3", "username": "ace", "password": "made-for-a-test"}
    clouds = {
        cloud["cloud"]["cloud"]: {"auth": nobody}
        for member in (root / "ecosystem" / "members").glob("*.yaml")
        for cloud in yaml.safe_load(member.read_text(encoding="utf-8"))["data_centres"]
    }
    (lab / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
    return root


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder, by name."""
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() or file.is_symlink()
    }


if __name__ == "__main__":
    keep(Path(sys.argv[1]), Path(sys.argv[2]))
