"""What may break the limits of `test_house`, each with its reason. An entry that no longer breaks its limit fails the test."""

from __future__ import annotations

from typing import Final

_ONE_REGION: Final = "its tests share one lab, whose start takes minutes: a second module would start it again"

LONG_MODULES: Final[dict[str, str]] = {
    "tests/lab/test_configure.py": _ONE_REGION,
    "tests/lab/test_hosts.py": _ONE_REGION,
    "tests/lab/test_lab_cloud.py": _ONE_REGION,
    "tests/lab/test_resource_types.py": "one table of cases, one for each resource type, and the laws that hold for all",
}
"""Path -> why it is one module."""

LONG_FUNCTIONS: Final[dict[str, str]] = {}
"""`path::qualified.name` -> why it is one function."""

REPEATED: Final[dict[frozenset[str], str]] = {}
"""Two files of different rooms -> why they repeat each other."""
