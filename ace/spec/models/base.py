"""What the models of all files have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ace.addressing import GATEWAY_NUMBERS, TENANT_SLOTS
from ace.spec.fields import (
    Line,
)

Slot = Annotated[int, Field(ge=TENANT_SLOTS.start, lt=TENANT_SLOTS.stop)]
GatewayNumber = Annotated[int, Field(ge=GATEWAY_NUMBERS.start, lt=GATEWAY_NUMBERS.stop)]
Language = Literal["en", "fr", "ar"]
VolumeGib = Annotated[int, Field(ge=0, le=16_384)]
Version = Literal[1]


class Model(BaseModel):
    """What all have in common."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class TextModel(Model):
    """One text in the ecosystem's languages."""

    en: Line
    fr: Line | None = None
    ar: Line | None = None
