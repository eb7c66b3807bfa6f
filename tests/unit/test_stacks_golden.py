"""The whole resource graph and the outputs of every member's stack, as reviewed text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ace.spec import Spec
from tests.unit.stack_graph import QUIET, country_graph, shipped_spec

pytestmark = QUIET
SHIPPED = ("cd", "eg", "et", "ke", "mu", "rw", "tn", "ug", "zm", "zw")


@pytest.fixture(scope="module")
def spec() -> Spec:
    return shipped_spec()


def test_every_shipped_member_has_a_golden_graph(spec: Spec) -> None:
    assert tuple(member.stack for member in spec.members) == SHIPPED


@pytest.mark.parametrize("stack", SHIPPED)
def test_a_members_stack_is_the_reviewed_graph(stack: str, spec: Spec, golden: Callable[[str, str], None]) -> None:
    graph = country_graph(spec.region, spec.member(stack))
    outputs = json.dumps(graph.outputs, ensure_ascii=False, indent=1, sort_keys=True)
    golden(f"stacks/{stack}.txt", f"{graph.text()}\nOutputs\n{outputs}\n")
