"""The spec: load YAML with line numbers, check it, cross-check it, resolve it into frozen values.

`load(dir)` gives the `Spec` or raises `SpecError` with every finding; `check(dir)` gives both.
"""

from ace.spec.load import check, load
from ace.spec.values import Spec

__all__ = ["Spec", "check", "load"]
