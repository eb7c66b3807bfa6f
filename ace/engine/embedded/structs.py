"""Pulumi's property values on the wire (google.protobuf.Struct) to the engine's values, and back.

Signatures are those of sdk/go/common/resource/sig. Assets, archives and resource references stay what they are on the wire,
mappings with a signature; secrets become `Secret`, the unknown `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from google.protobuf import struct_pb2

from ace.engine.contract import UNKNOWN, JsonValue, Properties, Secret
from ace.engine.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_TEXT

OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def decode(struct: struct_pb2.Struct) -> dict[str, JsonValue]:
    """A Struct as properties."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> JsonValue:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _signed(value.struct_value)
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _signed(struct: struct_pb2.Struct) -> JsonValue:
    signature = struct.fields[SIGNATURE_KEY].string_value if SIGNATURE_KEY in struct.fields else ""
    if signature == SECRET_SIGNATURE:
        return Secret(_decode(struct.fields["value"]))
    if signature == OUTPUT_SIGNATURE:
        inner = _decode(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        secret = "secret" in struct.fields and struct.fields["secret"].bool_value
        return Secret(inner) if secret else inner
    return decode(struct)


def encode(properties: Properties) -> struct_pb2.Struct:
    """Properties as a Struct, secrets marked."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        struct.fields[key].CopyFrom(_encode(value))
    return struct


def _encode(value: JsonValue) -> struct_pb2.Value:
    made = struct_pb2.Value()
    if value is None:
        made.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        made.string_value = UNKNOWN_TEXT
    elif isinstance(value, Secret):
        made.struct_value.CopyFrom(encode({SIGNATURE_KEY: SECRET_SIGNATURE, "value": value.value}))
    elif isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, (int, float)):
        made.number_value = value
    elif isinstance(value, str):
        made.string_value = value
    elif isinstance(value, Mapping):
        made.struct_value.CopyFrom(encode(value))
    else:
        made.list_value.values.extend(_encode(item) for item in value)
    return made
