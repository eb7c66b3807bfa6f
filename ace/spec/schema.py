"""JSON Schemas of the file kinds, for editors and for whoever writes spec files by program."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from ace.spec.models import EcosystemFile, MemberFile, RegisterFile

KINDS: Final[dict[str, type[BaseModel]]] = {
    "ecosystem": EcosystemFile,
    "member": MemberFile,
    "register": RegisterFile,
}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema (draft 2020-12) of each kind of file: ecosystem, member, register."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {kind: dialect | model.model_json_schema(by_alias=True) for kind, model in KINDS.items()}
