"""One running region for the tests of this folder: Tunisia and Kenya, joined over their hubs; wiped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.joined import Joined, joined_region

COUNTRIES = ("tn", "ke")


@pytest.fixture(scope="package")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_region(tmp_path_factory.mktemp("interconnect"), COUNTRIES, COUNTRIES) as made:
        yield made
