"""The inventory of a country: complete, or an error; and what Ansible makes of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ace.engine.contract import UNKNOWN, Secret
from ace.errors import UserError
from ace.services import ansible
from ace.services.inventory import from_outputs
from ace.services.region import secondaries, surroundings
from tests.unit.service_cases import CHECKOUT, a_member, an_inventory, outputs_of, shipped

COUNTRIES = [member.stack for member in shipped().active]
CONFIG = Path("/srv/ace/.ace/ssh/tn.conf")


def refused(outputs: dict[str, Any], country: str = "tn") -> UserError:
    with pytest.raises(UserError) as caught:
        from_outputs(a_member(country), outputs)
    return caught.value


def printed(country: str = "tn") -> dict[str, Any]:
    return ansible.script(an_inventory(country), a_member(country), surroundings(shipped(), a_member(country)), CONFIG)


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_of_the_shipped_spec_has_an_inventory(country: str) -> None:
    inventory = an_inventory(country)
    assert {host.role for host in inventory.hosts} >= {"gateway", "services"}
    assert all(host.reach.jump is None or inventory.host(host.reach.jump) for host in inventory.hosts)


def test_a_stack_that_was_never_deployed_is_told_as_such() -> None:
    error = refused({})
    assert (error.code, error.hint) == ("no-inventory", "deploy it first: `ace up tn`")


def test_one_unknown_address_makes_the_whole_inventory_an_error_that_names_it() -> None:
    outputs = outputs_of()
    outputs["inventory"]["hosts"][1]["reach"]["address"] = UNKNOWN
    error = refused(outputs)
    assert error.code == "incomplete-stack"
    assert "inventory.hosts[1].reach.address is not known" in error.message


@pytest.mark.parametrize("missing", ["role", "reach", "loopbacks", "runs", "hub"])
def test_one_missing_fact_makes_the_whole_inventory_an_error_that_names_it(missing: str) -> None:
    outputs = outputs_of()
    del outputs["inventory"]["hosts"][0][missing]
    error = refused(outputs)
    assert error.code == "incomplete-stack"
    assert f"inventory.hosts[0].{missing}" in error.message


def test_all_that_is_wrong_is_told_at_once() -> None:
    outputs = outputs_of()
    outputs["inventory"]["hosts"][0]["reach"]["address"] = "somewhere"
    outputs["inventory"]["hosts"][1]["name"] = "gw2; rm -rf /"
    message = refused(outputs).message
    assert "inventory.hosts[0].reach.address" in message
    assert "inventory.hosts[1].name" in message


def test_a_host_that_the_spec_has_and_the_stack_has_not_is_named() -> None:
    outputs = outputs_of()
    [gone] = [host for host in outputs["inventory"]["hosts"] if host["name"] == "gw2.tunis-1.tn"]
    outputs["inventory"]["hosts"].remove(gone)
    error = refused(outputs)
    assert "gw2.tunis-1.tn is in the spec and not among the stack's hosts" in error.message
    assert error.hint == "bring the stack to where the spec is: `ace up tn`"


def test_a_host_that_the_spec_no_longer_has_is_named() -> None:
    outputs = outputs_of()
    outputs["inventory"]["hosts"].append(dict(outputs["inventory"]["hosts"][0], name="gw4.tunis-1.tn"))
    assert "gw4.tunis-1.tn is among the stack's hosts and not in the spec" in refused(outputs).message


def test_a_jump_host_that_is_not_there_is_named() -> None:
    outputs = outputs_of()
    for host in outputs["inventory"]["hosts"]:
        if host["reach"]["jump"]:
            host["reach"]["jump"] = "gw9.tunis-1.tn"
    assert "is reached through gw9.tunis-1.tn, which is not there" in refused(outputs).message


def test_another_country_s_inventory_is_refused() -> None:
    assert "inventory.country is tn" in refused(outputs_of("tn"), "mu").message


def test_an_address_that_came_out_of_a_secret_is_still_an_address() -> None:
    outputs = outputs_of()
    address = outputs["inventory"]["hosts"][0]["reach"]["address"]
    outputs["inventory"]["hosts"][0]["reach"]["address"] = Secret(address)
    assert str(from_outputs(a_member(), outputs).hosts[0].reach.address) == address


def test_numbers_that_travelled_as_floats_are_whole_again() -> None:
    outputs = outputs_of()
    outputs["inventory"]["hosts"][0]["asn"] = float(outputs["inventory"]["hosts"][0]["asn"])
    assert isinstance(from_outputs(a_member(), outputs).hosts[0].asn, int)


def test_no_top_level_key_is_a_string_for_ansible_would_refuse_it() -> None:
    assert all(isinstance(value, dict) for value in printed().values())


def test_groups_are_country_data_centre_role_zone_and_service() -> None:
    groups = printed()
    assert groups["role_gateway"]["hosts"] == ["gw1.tunis-1.tn", "gw2.tunis-1.tn", *groups["role_gateway"]["hosts"][2:]]
    assert set(groups["country_tn"]["hosts"]) == set(groups["_meta"]["hostvars"])
    assert "svc1.tunis-1.tn" in groups["service_dns"]["hosts"]
    assert "gw1.tunis-1.tn" in groups["zone_az1"]["hosts"]
    assert "gw1.tunis-1.tn" in groups["dc_tunis_1"]["hosts"]


def test_a_host_knows_itself_its_data_centre_and_the_region() -> None:
    known = printed()
    host = known["_meta"]["hostvars"]["gw1.tunis-1.tn"]
    assert (host["ace_role"], host["ace_number"], host["ace_zone"]) == ("gateway", 1, "az1")
    assert host["ace_transit"][0] == "10.113.65.2"
    assert host["ace_dc"]["transit_vip4"] == "10.113.65.1"
    assert [gateway["name"] for gateway in host["ace_dc"]["gateways"]] == ["gw1.tunis-1.tn", "gw2.tunis-1.tn"]
    everywhere = known["all"]["vars"]
    assert (everywhere["ace_country"], everywhere["ace_domain"]) == ("tn", "ace.example")
    assert everywhere["ace_country_prefixes"][0] == "10.113.64.0/20"
    assert "tn" not in {peer["country"] for peer in everywhere["ace_region"]["peers"]}


def test_each_country_s_zone_is_held_by_two_others_and_it_holds_two() -> None:
    for member in shipped().active:
        around = surroundings(shipped(), member)
        assert len(around.dns_secondaries) == len(around.dns_secondary_for) == 2
        assert member.stack not in around.dns_secondaries


def test_both_sides_agree_on_who_holds_whose_zone() -> None:
    around = {member.stack: surroundings(shipped(), member) for member in shipped().active}
    holds = {(holder, country) for country, known in around.items() for holder in known.dns_secondaries}
    assert holds == {(holder, country) for holder, known in around.items() for country in known.dns_secondary_for}


def test_a_country_that_goes_moves_only_the_secondaries_of_the_two_before_it() -> None:
    everyone = shipped().active
    rest = [member for member in everyone if member.code != "TN"]
    moved = [member.code for member in rest if secondaries(member, everyone) != secondaries(member, rest)]
    assert len(moved) == 2


def test_a_peer_s_ds_records_are_told_where_they_are_known() -> None:
    around = surroundings(shipped(), a_member(), {"eg": ["1 13 2 AB"]})
    known = {peer.country: peer.dns_ds for peer in around.peers}
    assert known["eg"] == ("1 13 2 AB",)
    assert known["ke"] == ()
    hosts = ansible.script(an_inventory(), a_member(), around, CONFIG)["_meta"]["hostvars"]
    told = {name: its["ace_dns_ds"]["eg"] for name, its in hosts.items() if "ace_dns_ds" in its}
    assert told == {name: ["1 13 2 AB"] for name, its in hosts.items() if "dns" in its["ace_runs"]} != {}


def as_ansible_reads(inventory: str, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "hosts.json").write_text(inventory, encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(tmp_path / "hosts.json"), "--list"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_static_form_says_to_ansible_what_the_script_s_does(tmp_path: Path) -> None:
    around = surroundings(shipped(), a_member())
    static = ansible.static(an_inventory(), a_member(), around, CONFIG)
    read = as_ansible_reads(json.dumps(static), tmp_path)
    script = printed()
    for host, variables in script["_meta"]["hostvars"].items():
        assert read["_meta"]["hostvars"][host] == {**script["all"]["vars"], **variables}
    assert read["role_gateway"]["hosts"] == script["role_gateway"]["hosts"]


def test_text_that_looks_like_a_template_stays_text(tmp_path: Path) -> None:
    outputs = outputs_of()
    hostile = "{{ lookup('pipe', 'touch " + str(tmp_path / "owned") + "') }}"
    outputs["inventory"]["data_centres"][0]["city"] = hostile
    inventory = from_outputs(a_member(), outputs)
    static = ansible.static(inventory, a_member(), surroundings(shipped(), a_member()), CONFIG)
    (tmp_path / "hosts.json").write_text(json.dumps(static), encoding="utf-8")
    (tmp_path / "play.yml").write_text(
        "- hosts: gw1.tunis-1.tn\n  gather_facts: false\n  connection: local\n  tasks:\n"
        "    - ansible.builtin.copy: {content: '{{ ace_dc.city }}', dest: '"
        + str(tmp_path / "told")
        + "', mode: '0600'}\n"
    )
    subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "hosts.json", "play.yml"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "told").read_text() == hostile
    assert not (tmp_path / "owned").exists()


def test_inventories_has_a_link_for_each_active_country() -> None:
    for country in COUNTRIES:
        assert (CHECKOUT / "inventories" / country).resolve() == CHECKOUT / "inventories" / "country"
