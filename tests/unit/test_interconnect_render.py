"""The files of gateways and hubs: what they say, and what can never get into them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ace.interconnect.plan import plan
from ace.interconnect.render import PLACEHOLDER, render
from ace.spec.values import Spec

from ..regions import a_member, a_region, shipped

GOLDEN = Path(__file__).parents[1] / "golden" / "interconnect"
HOSTILE = 'x"; drop table\n}\nneighbor 1.2.3.4 remote-as 1 #'


def small_region() -> Spec:
    members = [a_member("TN"), a_member("EG", gateways=[1]), a_member("KE", sites=[0, 1])]
    return a_region(members, hubs=("TN", "EG"), direct=[("TN", "KE")])


@pytest.mark.parametrize(
    "path",
    [
        "tn/gw1.tn-1.tn/frr.conf",
        "tn/gw1.tn-1.tn/nftables.conf",
        "tn/gw1.tn-1.tn/wg-h9010g1.conf",
        "tn/hub-hub0.tn-1.tn/frr.conf",
        "tn/hub-hub0.tn-1.tn/nftables.conf",
        "ke/gw1.ke-1.ke/frr.conf",
        "ke/gw1.ke-1.ke/nftables.conf",
    ],
)
def test_a_file_reads_as_reviewed(path: str, update_golden: bool) -> None:
    golden = GOLDEN / path
    text = render(plan(small_region()))[path]
    if update_golden:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def test_every_node_has_one_file_of_each_daemon_and_one_of_each_tunnel() -> None:
    planned = plan(shipped())
    files = render(planned)
    tunnels = sum(len(sessions) for sessions in planned.sessions.values())
    assert len(files) == 2 * len(planned.nodes) + tunnels
    assert sum(path.endswith("/frr.conf") for path in files) == len(planned.nodes)
    assert not [path for path in files if "frr" in path and not path.endswith("/frr.conf")]


def test_keys_that_nobody_published_are_marked() -> None:
    files = render(plan(shipped()))
    tunnels = [text for path, text in files.items() if "/wg-" in path]
    assert tunnels
    assert all(f"PublicKey = {PLACEHOLDER}\n" in text and "published no key yet" in text for text in tunnels)


def test_no_file_says_that_it_has_a_private_key() -> None:
    assert not [path for path, text in render(plan(shipped())).items() if "PrivateKey =" in text]


def test_free_text_of_a_member_enters_no_file() -> None:
    spec = shipped()
    members = tuple(
        replace(
            member,
            technical_contact=replace(member.technical_contact, name="HOSTILE"),
            residency=tuple(replace(rule, basis="HOSTILE") for rule in member.residency),
            data_centres=tuple(
                replace(centre, operator=replace(centre.operator, name="HOSTILE")) for centre in member.data_centres
            ),
        )
        for member in spec.members
    )
    assert render(plan(replace(spec, members=members))) == render(plan(spec))


@pytest.mark.parametrize("field", ["host", "wireguard_key", "public_address"])
def test_a_hostile_value_is_refused_even_if_it_came_this_far(field: str) -> None:
    planned = plan(shipped())
    host = "hub-tunis.tunis-1.tn"
    sessions = {
        name: tuple(
            replace(s, remote=replace(s.remote, **{field: HOSTILE})) if s.remote.host == host else s for s in found
        )
        for name, found in planned.sessions.items()
    }
    with pytest.raises(ValueError, match="not to be written"):
        render(replace(planned, sessions=sessions))
