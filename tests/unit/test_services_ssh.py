"""The ssh_config of a country, as OpenSSH itself understands it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ace.services import ssh
from tests.unit.service_cases import an_inventory

pytestmark = pytest.mark.ssh


def understood(config: Path, host: str) -> dict[str, str]:
    """What `ssh -G` makes of a host; the last value of each option."""
    done = subprocess.run(["ssh", "-F", str(config), "-G", host], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def written(tmp_path: Path, include: str = "", control_dir: Path | None = None) -> Path:
    includes = []
    if include:
        (tmp_path / "theirs").write_text(include)
        includes = [tmp_path / "theirs"]
    places = ssh.places(tmp_path, "tn", includes)
    places.config.parent.mkdir(parents=True)
    places.config.write_text(ssh.render(an_inventory(), places, control_dir))
    return places.config


def test_a_gateway_is_reached_at_its_floating_ip_and_known_by_its_name(tmp_path: Path) -> None:
    known = understood(written(tmp_path), "gw1.tunis-1.tn")
    assert known["hostname"] == "198.18.0.5"
    assert known["hostkeyalias"] == "gw1.tunis-1.tn"
    assert known["user"] == "debian"
    assert known["userknownhostsfile"] == str(tmp_path / ".ace" / "known_hosts" / "tn")


def test_a_host_without_floating_ip_is_reached_through_its_gateway(tmp_path: Path) -> None:
    known = understood(written(tmp_path), "svc1.tunis-1.tn")
    assert known["proxyjump"] == "gw1.tunis-1.tn"
    assert known["hostname"].startswith("10.113.68.")


def test_what_is_included_adds_a_way_but_never_loosens_the_keys(tmp_path: Path) -> None:
    theirs = "Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  IdentityFile /k\n  User someone\n"
    known = understood(written(tmp_path, theirs), "gw1.tunis-1.tn")
    assert known["stricthostkeychecking"] in ("true", "yes")
    assert known["userknownhostsfile"] == str(tmp_path / ".ace" / "known_hosts" / "tn")
    assert known["identityfile"] == "/k"
    assert known["user"] == "someone"


def test_a_proxy_of_the_lab_leads_to_gateways_and_not_past_them(tmp_path: Path) -> None:
    config = written(tmp_path, "Host *\n  ProxyCommand enter %h %p\n")
    assert understood(config, "gw1.tunis-1.tn")["proxycommand"] == "enter %h %p"
    behind = understood(config, "svc1.tunis-1.tn")
    assert behind["proxyjump"] == "gw1.tunis-1.tn"
    assert "proxycommand" not in behind


def test_connections_are_kept_where_a_run_says(tmp_path: Path) -> None:
    known = understood(written(tmp_path, control_dir=Path("/tmp/ace-x")), "gw1.tunis-1.tn")
    assert known["controlpath"].startswith("/tmp/ace-x/")
    assert known["controlpersist"] == "60"


def test_a_root_with_a_space_in_its_path_is_understood(tmp_path: Path) -> None:
    root = tmp_path / "my region"
    root.mkdir()
    known = understood(written(root), "gw1.tunis-1.tn")
    assert known["userknownhostsfile"].strip('"') == str(root / ".ace" / "known_hosts" / "tn")
