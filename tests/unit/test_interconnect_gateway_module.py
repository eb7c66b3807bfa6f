"""The Ansible module that a gateway runs: what it does with the files, told by commands that answer as the tools do."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ace.interconnect.live.seen import PROBE
from ace.interconnect.plan import plan
from ace.interconnect.render import render

from ..regions import shipped

SOURCE = Path(__file__).parents[2] / "playbooks" / "roles" / "interconnect" / "library" / "interconnect_gateway.py"
KEY = "k" * 43 + "="
FAR = "f" * 43 + "="


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("interconnect_gateway", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["interconnect_gateway"] = loaded
    spec.loader.exec_module(loaded)
    monkeypatch.setattr(loaded, "FOLDER", str(tmp_path))
    monkeypatch.setattr(loaded, "FRR", str(tmp_path / "frr.conf"))
    monkeypatch.setattr(loaded, "DRAINED", str(tmp_path / "drain"))
    (tmp_path / "private.key").write_text(KEY + "\n")
    return loaded


class Tools:
    """Stands for `wg`, `ip`, `systemctl` and the rest: remembers what it was asked, answers from a table."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, *command: str, text: str | None = None, check: bool = True) -> str:
        line = " ".join(command)
        self.asked.append(line)
        return next((answer for start, answer in self.answers.items() if line.startswith(start)), "")

    def did(self, start: str) -> bool:
        return any(line.startswith(start) for line in self.asked)


def tunnel() -> str:
    files = render(plan(shipped()))
    text = files["tn/gw1.tunis-1.tn/wg-h9010g1.conf"]
    return text.replace("PublicKey = PLACEHOLDER", f"PublicKey = {FAR}").replace("PLACEHOLDER", "198.18.0.9")


def runs(module: ModuleType, text: str, peer: str = FAR) -> dict[str, str]:
    want = module.settings(text)
    dump = f"{KEY}\tpublic\t{want['ListenPort']}\toff\n{peer}\t(none)\t198.18.0.9:1\t0.0.0.0/0,::/0\t0\t0\t0\t25\n"
    address, length = want["Address"].split("/")
    infos = [{"local": address, "prefixlen": int(length), "scope": "global"}]
    link = [{"mtu": int(want["MTU"]), "addr_info": infos}]
    return {"wg show": dump, "ip -json": json.dumps(link), "systemctl is-enabled": "enabled"}


def converge(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, tools: Tools, tunnels: dict[str, str], **more: Any
) -> list[str]:
    monkeypatch.setattr(module, "run", tools)
    key = more.pop("key", str(Path(module.FOLDER) / "private.key"))
    found: list[str] = module.converge_tunnels(tunnels, key, more.pop("check", False))
    return found


def test_a_new_tunnel_is_started_with_the_host_s_own_key(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = Tools({})
    converge(module, monkeypatch, tools, {"wg-h9010g1": tunnel()})
    file = tmp_path / "wg-h9010g1.conf"
    assert f"[Interface]\nPrivateKey = {KEY}\n" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert tools.did("systemctl restart wg-quick@wg-h9010g1")


def test_what_runs_as_wanted_is_left_alone(module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wg-h9010g1.conf").write_text(module.with_key(tunnel(), KEY))
    tools = Tools(runs(module, tunnel()))
    assert converge(module, monkeypatch, tools, {"wg-h9010g1": tunnel()}) == []
    assert not tools.did("systemctl restart")
    assert not tools.did("wg syncconf")


def test_a_changed_key_of_the_far_end_is_synchronised_without_taking_the_tunnel_down(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = Tools(runs(module, tunnel(), peer="o" * 43 + "="))
    converge(module, monkeypatch, tools, {"wg-h9010g1": tunnel()})
    assert tools.did("wg syncconf wg-h9010g1")
    assert not tools.did("systemctl restart")


def test_a_file_that_is_right_while_something_else_runs_is_noticed(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wg-h9010g1.conf").write_text(module.with_key(tunnel(), KEY))
    tools = Tools(runs(module, tunnel(), peer="o" * 43 + "="))
    assert converge(module, monkeypatch, tools, {"wg-h9010g1": tunnel()}) == ["wg-h9010g1: synchronised"]


def test_a_tunnel_that_is_planned_no_more_goes_and_only_that(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wg-old.conf").write_text("x")
    (tmp_path / "mine.conf").write_text("x")
    tools = Tools({})
    assert converge(module, monkeypatch, tools, {}) == ["wg-old: removed"]
    assert tools.did("systemctl disable --now wg-quick@wg-old")
    assert sorted(path.name for path in tmp_path.glob("*.conf")) == ["mine.conf"]


def test_check_mode_says_and_does_nothing(module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wg-old.conf").write_text("x")
    tools = Tools({})
    found = converge(module, monkeypatch, tools, {"wg-h9010g1": tunnel()}, check=True)
    assert len(found) == 3
    assert not (tmp_path / "wg-h9010g1.conf").exists()
    assert (tmp_path / "wg-old.conf").exists()
    assert not tools.did("systemctl")


@pytest.mark.parametrize(
    ("tunnels", "said"),
    [({"wg-h9010g1": "PublicKey = PLACEHOLDER"}, "published no key"), ({"../x": ""}, "not the name of a tunnel")],
)
def test_placeholders_and_odd_names_are_never_applied(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, tunnels: dict[str, str], said: str
) -> None:
    with pytest.raises(module.GatewayError, match=said):
        converge(module, monkeypatch, Tools({}), tunnels)


def test_a_gateway_without_a_key_is_told_what_to_run(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(module.GatewayError, match="ace configure"):
        converge(module, monkeypatch, Tools({}), {}, key="/nowhere")


def test_the_kernel_s_reverse_path_check_is_off_for_tunnels_and_for_nothing_else(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("all", "eth0", "wg-h9010g1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rp_filter").write_text("2\n")
    monkeypatch.setattr(module, "REVERSE_PATH", str(tmp_path))
    assert len(module.converge_reverse_path(["wg-h9010g1"], check=True)) == 2
    assert len(module.converge_reverse_path(["wg-h9010g1"], check=False)) == 2
    assert module.converge_reverse_path(["wg-h9010g1"], check=False) == []
    assert (tmp_path / "eth0" / "rp_filter").read_text() == "2\n"


def test_a_drained_gateway_stays_drained_through_an_apply(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "run", Tools({}))
    text = render(plan(shipped()))["tn/gw1.tunis-1.tn/frr.conf"]
    (tmp_path / "drain").write_text("")
    module.converge_frr(text, check=False)
    assert "router bgp 4200078800\n bgp graceful-shutdown\n" in (tmp_path / "frr.conf").read_text()
    (tmp_path / "drain").unlink()
    module.converge_frr(text, check=False)
    assert (tmp_path / "frr.conf").read_text() == text


def test_sessions_that_do_not_come_back_stop_the_roll_out(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sessions", lambda: {"fd00::1": False, "fd00::2": True})
    module.settle({"fd00::2": True, "fd00::3": True, "fd00::1": False}, 0)
    with pytest.raises(module.GatewayError, match="fd00::1"):
        module.settle({"fd00::1": True, "fd00::2": True}, 0)


@pytest.mark.parametrize("said", ["", "% bgpd is not running\n"])
def test_frr_that_does_not_answer_is_not_taken_for_one_without_sessions(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(module, "run", Tools({"vtysh -c show bgp summary json": said}))
    with pytest.raises(module.GatewayError, match="FRR does not report which sessions are up"):
        module.settle({"fd00::1": True}, 0)


@pytest.mark.parametrize("script", ["exit 1", "echo '% bgpd is not running'", "echo 'failed to connect' >&2; exit 1"])
def test_a_gateway_whose_frr_does_not_answer_is_said_not_to_answer(tmp_path: Path, script: str) -> None:
    vtysh = tmp_path / "vtysh"
    vtysh.write_text(f"#!/bin/sh\n{script}\n")
    vtysh.chmod(0o755)
    text = PROBE.read_text().replace('"/usr/sbin:/usr/bin:/sbin:/bin"', repr(f"{tmp_path}:/usr/bin:/bin"))
    asked = json.dumps({"source4": "127.0.0.1", "source6": "::1", "targets": [], "mtu": 0})
    done = subprocess.run([sys.executable, "-", asked], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("FRR does not answer `show bgp neighbors json`")
