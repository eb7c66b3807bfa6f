"""`ace catalogue …` as people and pipelines use it."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ace.catalogue.serve import listen
from ace.cli.main import main

from .spec_cases import base_spec


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `ace catalogue` with these arguments."""
    with pytest.raises(SystemExit) as exit_:
        main(["catalogue", *arguments])
    out, err = capsys.readouterr()
    return int(exit_.value.code or 0), out, err


def spec_of(tmp_path: Path) -> str:
    return str(base_spec(tmp_path))


def test_build_writes_the_site_and_ends_with_its_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out_dir = tmp_path / "site"
    code, out, _ = run(capsys, "build", "--spec", spec_of(tmp_path), "--as-of", "2026-11-25", "--out", str(out_dir))
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("The catalogue as of 2026-11-25: 2 services, 2 countries, 2 providers, 2 data centres; ")
    assert lines[-1] == (out_dir / "index.html").as_uri()
    assert (out_dir / "en" / "index.html").is_file()


def test_build_goes_beside_the_spec_folder_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, _ = run(capsys, "build", "--spec", spec_of(tmp_path), "--as-of", "2026-11-25")
    assert code == 0
    assert (tmp_path / ".ace" / "catalogue" / "index.html").is_file()
    assert (tmp_path / ".ace").stat().st_mode & 0o777 == 0o700


def test_machines_get_records_and_what_is_withheld_with_the_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--spec", spec_of(tmp_path), "--as-of", "2027-06-01", "--format", "json"]
    code, out, _ = run(capsys, "build", "--out", str(tmp_path / "site"), *arguments)
    body = json.loads(out)
    assert (code, body["schema"], body["as_of"]) == (0, "ace/catalogue/v1", "2027-06-01")
    assert {record["kind"] for record in body["records"]} >= {"service", "provider", "data_centre", "country"}
    assert all(record["address"].startswith("https://catalogue.") for record in body["records"])
    withheld = {(each["id"], each["rule"]) for each in body["withheld"]}
    assert ("tn-tunis-1.tn-g-cloud", "label-expired") in withheld
    assert all(each["reason"] for each in body["withheld"])


def test_explain_says_rule_place_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--spec", spec_of(tmp_path), "--as-of", "2027-06-01"]
    code, out, _ = run(capsys, "explain", "tn-tunis-1.tn-g-cloud", *arguments)
    assert code == 0
    assert out.splitlines() == [
        "label-grants/tn-tunis-1.tn-g-cloud: withheld as of 2027-06-01",
        "  label-expired: label tn-g-cloud of tunis-1 ended on 2027-05-31, before 2027-06-01",
        "    see: ecosystem/members/tn.yaml: data_centres[id=tunis-1].labels",
        "    what to do: renew the label and write its new date into the member's file",
    ]


def test_explain_of_an_unknown_record_exits_1_and_names_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "explain", "tn-tunis-9", "--spec", spec_of(tmp_path), "--format", "json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "no-such-record"
    assert "tn-tunis-1" in err


def test_check_of_a_good_catalogue_finds_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", "--spec", spec_of(tmp_path), "--format", "json")
    body = json.loads(out)
    assert code == 0
    assert [finding for finding in body["findings"] if finding["severity"] == "error"] == []


def test_check_finds_what_is_broken() -> None:
    from ace.catalogue.build import Built
    from ace.catalogue.check import check

    page = (
        '<html lang="en" dir="ltr"><head><title>T</title></head><body><main><h1>A</h1><h3 id="x">B</h3><p id="x"></p>'
        '<a href="gone.html"></a><a href="javascript:alert(1)">J</a><input id="q"><img src="https://a.example/x.png">'
        '<p onclick="x()"></p></main></body></html>'
    )
    findings = check(Built({"en/a.html": page, "exports/a.json": "{", "exports/b.csv": "a,b\r\n1\r\n"}, {}))
    assert {(finding.file, finding.rule) for finding in findings} == {
        ("en/a.html", "headings"),
        ("en/a.html", "ids"),
        ("en/a.html", "inline"),
        ("en/a.html", "labels"),
        ("en/a.html", "link"),
        ("en/a.html", "names"),
        ("exports/a.json", "export"),
        ("exports/b.csv", "export"),
    }
    links = [finding.message for finding in findings if finding.rule == "link"]
    assert len(links) == 3


def test_serve_answers_on_loopback_with_types_and_lists_no_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "data.jsonld").write_text("{}")
    (tmp_path / "index.html").write_text("<h1>hello</h1>")
    server = listen(tmp_path, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        assert server.server_address[0] == "127.0.0.1"
        base = f"http://127.0.0.1:{server.server_port}"
        with urllib.request.urlopen(f"{base}/", timeout=60) as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.read() == b"<h1>hello</h1>"
        with urllib.request.urlopen(f"{base}/folder/data.jsonld", timeout=60) as answer:
            assert answer.headers["Content-Type"] == "application/ld+json"
        for path in ("/folder/", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"):
            with pytest.raises(urllib.error.HTTPError) as raised:
                urllib.request.urlopen(f"{base}{path}", timeout=60)
            assert raised.value.code == 404
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    from ace.errors import UserError

    server = listen(tmp_path, 0)
    try:
        with pytest.raises(UserError) as raised:
            listen(tmp_path, server.server_port)
        assert raised.value.code == "no-port"
    finally:
        server.server_close()
