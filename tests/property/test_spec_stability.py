"""Nobody is ever renumbered: what comes, goes or moves leaves everything else as it was."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from ace.spec.load import read_all
from ace.spec.models.ecosystem import EcosystemFile
from ace.spec.models.member import MemberFile
from ace.spec.models.register import RegisterFile
from ace.spec.resolve import resolve
from ace.spec.shape import check_shape
from ace.spec.values import DataCentre, Spec

SHIPPED = Path(__file__).parents[2] / "ecosystem"
File = TypeVar("File", bound=BaseModel)
Files = tuple[EcosystemFile, dict[str, MemberFile], RegisterFile]


def _files() -> Files:
    sources = read_all(SHIPPED)
    ecosystem = check_shape(sources.ecosystem, EcosystemFile).model
    register = check_shape(sources.register, RegisterFile).model
    members = {source.name: check_shape(source, MemberFile).model for source in sources.members}
    assert ecosystem is not None
    assert register is not None
    return ecosystem, {name: model for name, model in members.items() if model is not None}, register


FILES = _files()
WHOLE: Spec = resolve(*FILES)


def shuffled(model: File, random: Random) -> File:
    """The model with every list and mapping in it in another order."""

    def shuffle(value: Any) -> Any:
        if isinstance(value, BaseModel):
            return shuffled(value, random)
        if isinstance(value, list):
            return random.sample([shuffle(item) for item in value], len(value))
        if isinstance(value, dict):
            return {key: shuffle(value[key]) for key in random.sample(list(value), len(value))}
        return value

    return model.model_copy(update={name: shuffle(getattr(model, name)) for name in type(model).model_fields})


@given(st.integers(0, 2**32))
def test_reordering_anything_changes_nothing(seed: int) -> None:
    random = Random(seed)
    ecosystem, members, register = FILES
    names = random.sample(list(members), len(members))
    reordered = {name: shuffled(members[name], random) for name in names}
    assert resolve(shuffled(ecosystem, random), reordered, shuffled(register, random)) == WHOLE


@given(st.sets(st.sampled_from(sorted(FILES[1])), min_size=1))
def test_a_member_is_the_same_whoever_else_is_there(names: set[str]) -> None:
    ecosystem, members, register = FILES
    spec = resolve(ecosystem, {name: members[name] for name in names}, register)
    assert spec.region == WHOLE.region
    for member in spec.members:
        assert member == WHOLE.member(member.code)


@given(st.sampled_from(sorted(FILES[1])), st.data())
def test_a_tenant_is_the_same_whichever_others_are_there(name: str, data: st.DataObject) -> None:
    ecosystem, members, register = FILES
    model = members[name]
    kept = data.draw(st.lists(st.sampled_from(model.tenants), unique_by=lambda tenant: tenant.slot))
    changed = model.model_copy(update={"tenants": kept, "services": []})
    before = WHOLE.member(model.country)
    after = resolve(ecosystem, {**members, name: changed}, register).member(model.country)
    assert set(after.tenants) <= set(before.tenants)
    assert len(after.tenants) == len(kept)
    assert after.data_centres == before.data_centres


@pytest.mark.parametrize("code", ["ET", "ZM"])
def test_a_data_centre_is_the_same_when_another_goes(code: str) -> None:
    ecosystem, members, register = FILES
    name = WHOLE.member(code).file
    model = members[name]
    for gone in model.data_centres:
        changed = model.model_copy(
            update={
                "data_centres": [dc for dc in model.data_centres if dc.id != gone.id],
                "tenants": [tenant for tenant in model.tenants if tenant.data_centre != gone.id],
                "services": [],
            }
        )
        after = resolve(ecosystem, {**members, name: changed}, register).member(code)
        assert set(after.data_centres) == {dc for dc in WHOLE.member(code).data_centres if dc.id != gone.id}
        assert set(after.tenants) <= set(WHOLE.member(code).tenants)


@given(st.sampled_from(sorted(FILES[1])), st.data())
def test_a_gateway_is_the_same_when_others_come_and_go(name: str, data: st.DataObject) -> None:
    ecosystem, members, register = FILES
    model = members[name]
    first = model.data_centres[0]
    kept = data.draw(st.lists(st.sampled_from(first.gateways), min_size=1, unique_by=lambda gateway: gateway.number))
    new = [
        first.gateways[0].model_copy(update={"name": f"gw{number}", "number": number})
        for number in data.draw(st.sets(st.sampled_from([3, 4])))
    ]
    centre = first.model_copy(update={"gateways": [*new, *kept]})
    changed = model.model_copy(update={"data_centres": [centre, *model.data_centres[1:]]})
    after = resolve(ecosystem, {**members, name: changed}, register).member(model.country)
    before = WHOLE.member(model.country)
    here, there = _centre(after.data_centres, first.id), _centre(before.data_centres, first.id)
    assert here.allocation == there.allocation
    assert {gateway for gateway in here.gateways if gateway.number < 3} <= set(there.gateways)
    assert after.tenants == before.tenants


def _centre(centres: tuple[DataCentre, ...], id_: str) -> DataCentre:
    return next(centre for centre in centres if centre.id == id_)


@given(st.permutations([tenant.slot for tenant in WHOLE.member("TN").tenants]))
def test_tenants_numbers_follow_their_slots_and_not_their_places(order: list[int]) -> None:
    ecosystem, members, register = FILES
    name = WHOLE.member("TN").file
    by_slot = {tenant.slot: tenant for tenant in members[name].tenants}
    changed = members[name].model_copy(update={"tenants": [by_slot[slot] for slot in order]})
    assert resolve(ecosystem, {**members, name: changed}, register).member("TN") == WHOLE.member("TN")
