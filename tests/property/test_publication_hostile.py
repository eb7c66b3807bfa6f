"""Whatever a country signs in any field of its publication is refused with a clean line, or is what the spec says anyway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ace.publication import folder
from ace.publication.canonical import encode
from ace.publication.values import NAMESPACE, Refused, Verified
from ace.publication.verify import read_all, remembering
from ace.signatures.canonical import canonical
from ace.signatures.ssh import make_key, sign
from ace.spec.values import Signer, Spec
from tests.property.hostile import HOSTILE_TEXTS, VALUES, assert_shown_as_it_is, places, replaced
from tests.unit.policy_cases import having
from tests.unit.publications import NOW, a_hub_publication, a_publication

TREES: dict[str, Any] = {
    "tn": json.loads(encode(a_publication())),
    "hub-tunis": json.loads(encode(a_hub_publication("tunis"))),
}
PLACES = [(name, path) for name, tree in TREES.items() for path in places(tree)]


@dataclass(frozen=True)
class Tunisia:
    """A ROOT, a spec that names a key, and the key."""

    root: Path
    spec: Spec
    key: Path


@pytest.fixture(scope="module")
def tn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tunisia]:
    root = tmp_path_factory.mktemp("hostile")
    public = make_key(root / "key", "key")
    yield Tunisia(root, having("tn", signers=(Signer(public, date(2026, 11, 1), date(2027, 6, 1)),)), root / "key")


def plain(value: Any) -> Any:
    """As JSON can say it."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), VALUES | HOSTILE_TEXTS)
@example(("tn", ("data_centres", 0, "gateways", 0, "public_address")), "169.254.169.254")
@example(("tn", ("services", 0, "endpoint")), "file:///etc/passwd")
@example(("tn", ("services", 0, "endpoint")), "https://10.0.0.1/")
@example(("tn", ("country",)), "x" * 10_000)
@example(("tn", ("country",)), "tn\u202e")
def test_any_value_in_any_field_is_refused_with_a_clean_line_or_changes_nothing(
    tn: Tunisia, place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    name, path = place
    try:
        raw = canonical(replaced(TREES[name], path, plain(value)))
    except ValueError:  # no JSON can say it: not a number, half a character
        return
    folder.write(tn.root / "publications", name, raw, sign(raw, tn.key, NAMESPACE))
    verdicts = read_all(tn.root, tn.spec, NOW)
    verdict = verdicts[name]
    if isinstance(verdict, Refused):
        assert_shown_as_it_is(verdict.message)
        assert name not in remembering({}, verdicts)
        return
    assert isinstance(verdict, Verified)
    told = json.loads(encode(verdict.publication))
    assert all(is_public_text(text) for text in texts(told))


def texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict | list):
        for child in tree.values() if isinstance(tree, dict) else tree:
            yield from texts(child)
    elif isinstance(tree, str):
        yield tree


def is_public_text(text: str) -> bool:
    """What was let through can be shown, and leads nowhere that it should not."""
    assert_shown_as_it_is(text)
    return not text.startswith(("file:", "javascript:", "http://", "https://10.", "https://127.", "169.254."))
