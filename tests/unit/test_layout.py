"""Where things lie in a ROOT is written down once."""

from __future__ import annotations

import re
from pathlib import Path

from ace.layout import Layout

ACE = Path(__file__).resolve().parents[2] / "ace"


def test_only_the_layout_names_the_private_folder() -> None:
    naming = [
        str(file.relative_to(ACE))
        for file in ACE.rglob("*.py")
        if re.search(r'["\']\.ace["\'/]', file.read_text("utf-8"))
    ]
    assert naming == ["layout.py"]


def test_everything_private_lies_below_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    public = {"root", "publications", "lab_signers"}
    for name in (name for name in dir(Layout) if not name.startswith("_") and name not in public):
        found = getattr(layout, name)
        path = found if isinstance(found, Path) else found("tn")
        assert path.is_relative_to(tmp_path / ".ace"), name
