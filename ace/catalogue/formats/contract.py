"""What every export format promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ace.catalogue.values import Catalogue


class Format(Protocol):
    """A way to write the catalogue down.

    Obligations: `files` is a pure function of the catalogue (no clock, no network, no order but the records' own), it
    holds nothing that the catalogue does not list, and it escapes other people's text as the format demands.
    """

    title: str
    """The standard's own name, as the data page shows it."""
    main: str
    """The file to link to, relative to `exports/`."""
    media_type: str

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        """The texts of all files, by their path below `exports/`."""
        ...
