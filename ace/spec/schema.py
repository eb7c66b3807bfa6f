"""JSON Schemas of the file kinds, for editors and for whoever writes spec files by program."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from ace.spec.models.ecosystem import EcosystemFile
from ace.spec.models.member import MemberFile
from ace.spec.models.register import RegisterFile

KINDS: Final[dict[str, type[BaseModel]]] = {
    "ecosystem": EcosystemFile,
    "member": MemberFile,
    "register": RegisterFile,
}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema (draft 2020-12) of each kind of file: ecosystem, member, register."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {kind: dialect | _closed(model.model_json_schema(by_alias=True)) for kind, model in KINDS.items()}


def _closed(schema: Any) -> Any:
    """The schema with free mappings taking names only: pydantic leaves other keys open, the loader does not."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if "patternProperties" in closed:
        closed.pop("propertyNames", None)
        closed["additionalProperties"] = False
    return closed
