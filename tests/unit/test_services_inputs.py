"""The digest of a run's words: the same for the same words, another for any other, and no way to guess a password."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ace.errors import UserError
from ace.layout import Layout
from ace.services.inputs import Digests, digester
from tests.unit.service_cases import CHECKOUT

GW, SVC = "gw1.tunis-1.tn", "svc1.tunis-1.tn"
HOSTS = {"all": {"hosts": {GW: {"ace_number": 1}, SVC: {"ace_dns_ds": {"eg": []}}}}}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    shutil.copytree(CHECKOUT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "country_tn.yml").write_text("---\nmail_relay_password: hunter2\n")
    return tmp_path


def of_each(place: Path, hosts: object = HOSTS) -> Digests:
    return digester(place, place / "playbooks" / "site.yml", place / "group_vars")(hosts)  # type: ignore[arg-type]


def of(place: Path, hosts: object = HOSTS) -> str:
    return of_each(place, hosts)[GW]


def test_the_same_words_have_the_same_digest(place: Path) -> None:
    assert of(place) == of(place) != ""
    (place / "playbooks" / "library" / "__pycache__").mkdir(exist_ok=True)
    (place / "playbooks" / "library" / "__pycache__" / "converge.pyc").write_bytes(b"x")
    first = of(place)
    assert of(place) == first


def test_another_variable_host_role_or_module_makes_another(place: Path) -> None:
    before = of(place)
    found = {before, of(place, {"all": {"hosts": {GW: {"ace_number": 2}}}})}
    for file in ("group_vars/country_tn.yml", "playbooks/roles/dns/vars/main.yml", "playbooks/library/converge.py"):
        with (place / file).open("a") as text:
            text.write("# more\n")
        found.add(of(place))
    assert len(found) == 5


def test_it_is_keyed_so_that_a_password_cannot_be_guessed_from_it(place: Path, tmp_path: Path) -> None:
    first = of(place)
    key = Layout(place).inputs_key
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    assert of(place) != first


@pytest.mark.parametrize("where", ["lookup('env', 'HOME')", "ansible_date_time.iso8601", "ace_dns_ds.eg"])
def test_variables_that_look_elsewhere_have_none(where: str, place: Path) -> None:
    (place / "group_vars" / "country_tn.yml").write_text(f'---\na: "{{{{ {where} }}}}"\n')
    assert of_each(place) == {}


def test_keys_of_another_country_s_zone_are_words_to_hosts_that_run_dns_alone(place: Path) -> None:
    hosts = HOSTS["all"]["hosts"]
    known = {"all": {"hosts": {**hosts, SVC: {"ace_dns_ds": {"eg": ["1 13 2 AB"]}}}}}
    before, after = of_each(place), of_each(place, known)
    assert before[GW] == after[GW]
    assert before[SVC] != after[SVC]
    assert before[GW] != before[SVC]


def test_a_damaged_key_says_what_to_do(place: Path) -> None:
    of(place)
    (Layout(place).inputs_key).write_text("?")
    with pytest.raises(UserError) as told:
        of(place)
    assert "remove it" in (told.value.hint or "")
