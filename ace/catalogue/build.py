"""The whole site with its exports: files as values, then written to a folder in one step."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ace.errors import UserError
from ace.spec.values import Spec

from .formats.registry import FORMATS
from .site import search_data
from .site.assets import assets
from .site.language import RIGHT_TO_LEFT, SOURCE, load
from .site.region_map import drawn
from .site.render import environment, render
from .site.shelf import Shelf
from .values import Catalogue

MARKER: Final = ".ace-catalogue"
"""The file that states that a folder is a built catalogue and may be replaced by the next."""


@dataclass(frozen=True, slots=True)
class Built:
    """Every file by its path, and the messages that a language lacks."""

    files: Mapping[str, str]
    untranslated: Mapping[str, tuple[str, ...]]


def build(catalogue: Catalogue, spec: Spec, templates: Path) -> Built:
    """All files of a catalogue; the same catalogue gives the same bytes.

    Args:
        catalogue: What to show.
        spec: What it was made from; the map draws of it what the catalogue lists.
        templates: The folder `templates/catalogue`.
    """
    shelf = Shelf(catalogue)
    codes = sorted(catalogue.languages, key=lambda code: (code != SOURCE, code in RIGHT_TO_LEFT, code))
    languages = [load(code, templates / "locale") for code in codes]
    files: dict[str, str] = dict(assets(templates))
    files |= render(environment(templates), shelf, languages, FORMATS)
    for language in languages:
        files[f"assets/map.{language.code}.svg"] = drawn(spec, catalogue, language)
        files[f"assets/data.{language.code}.js"] = search_data.script(shelf, language)
    for format_ in FORMATS.values():
        files |= {f"exports/{name}": text for name, text in format_.files(catalogue).items()}
    untranslated = {each.code: tuple(sorted(each.missing)) for each in languages if each.missing}
    return Built(files, untranslated)


def write(built: Built, out: Path) -> None:
    """Replace the folder's content; readers see the old site or the new one, never half of one.

    Raises:
        UserError: The folder holds something else than a built catalogue, or cannot be written.
    """
    if out.exists() and not (out / MARKER).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(
            f"{out} is not empty and holds no catalogue; it is left alone",
            hint="name an empty or new folder with --out",
            code="not-a-catalogue",
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            fresh.chmod(0o755)
            _fill(fresh, built.files)
            old = fresh.with_name(f"{fresh.name}-old")
            if out.exists():
                out.rename(old)
            fresh.rename(out)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{error.filename or out}: {error.strerror}", hint="check --out", code="no-out") from None


def _fill(folder: Path, files: Mapping[str, str]) -> None:
    (folder / MARKER).write_text("A catalogue that `ace catalogue build` made; it is replaced as a whole.\n")
    for parent in sorted({os.path.dirname(path) for path in files}):  # noqa: PTH120 - thousands of times
        (folder / parent).mkdir(parents=True, exist_ok=True)
    base = str(folder)
    for path, text in files.items():
        with open(f"{base}/{path}", "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - likewise
            file.write(text)
