"""What the region believes, and what it refuses: each tampering for its own reason, and nothing changed by it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from ace.cli.main import main
from ace.policy import succession
from ace.publication import folder
from ace.publication.building import build, made
from ace.publication.canonical import encode
from ace.publication.values import NAMESPACE, Absent, Publication, PublishedGateway, Reason, Refused, Verified
from ace.publication.verify import AnyVerification, read_all, remembering, remembering_signers
from ace.signatures.canonical import canonical
from ace.signatures.ssh import make_key, on_one_line, sign
from ace.spec.values import MemberStatus, Signer, Spec
from tests.unit.policy_cases import having
from tests.unit.publications import NOW, SPEC_DIR, a_hub_publication, a_publication, shipped


@dataclass(frozen=True)
class Country:
    """A ROOT, a spec in which Tunisia has a key that is at hand, and where that key is."""

    root: Path
    spec: Spec
    key: Path
    stranger: Path

    def put(self, raw: bytes, *, name: str = "tn", key: Path | None = None, space: str = NAMESPACE) -> None:
        folder.write(self.root / "publications", name, raw, sign(raw, key or self.key, space))

    def verdict(self, name: str = "tn", *, now: datetime = NOW, spec: Spec | None = None) -> AnyVerification:
        """What the region says of it; a refusal leaves all that the region remembers of that name as it was."""
        spec = spec or self.spec
        verdicts = read_all(self.root, spec, now)
        if isinstance(verdicts[name], Refused):
            seen, signers = folder.read_seen(self.root) or {}, folder.read_signers(self.root) or {}
            assert remembering(seen, verdicts).get(name) == seen.get(name)
            assert remembering_signers(signers, spec, verdicts, now.date()).get(name) == signers.get(name)
        return verdicts[name]

    def remember(self) -> None:
        """Have the region believe, and remember, an earlier publication."""
        self.put(encode(a_publication(issued=NOW - timedelta(days=1))))
        verdicts = read_all(self.root, self.spec, NOW)
        assert isinstance(verdicts["tn"], Verified)
        folder.write_seen(self.root, remembering({}, verdicts))
        folder.write_signers(self.root, remembering_signers({}, self.spec, verdicts, NOW.date()))


@pytest.fixture
def tn(tmp_path: Path) -> Country:
    public = make_key(tmp_path / "key", "key")
    make_key(tmp_path / "stranger", "stranger")
    spec = having("tn", signers=(Signer(public, date(2026, 11, 1), date(2027, 6, 1)),))
    root = tmp_path / "root"
    root.mkdir()
    return Country(root, spec, tmp_path / "key", tmp_path / "stranger")


def refused(verdict: AnyVerification) -> Reason:
    assert isinstance(verdict, Refused), verdict
    assert verdict.message
    return verdict.reason


def test_what_a_country_signs_is_believed(tn: Country) -> None:
    tn.put(encode(a_publication()))
    verdict = tn.verdict()
    assert isinstance(verdict, Verified)
    assert verdict.publication == a_publication()
    assert verdict.signer.startswith("SHA256:")
    tn.put(encode(a_hub_publication("tunis")), name="hub-tunis")
    assert isinstance(tn.verdict("hub-tunis"), Verified)
    assert isinstance(tn.verdict("eg"), Absent)


def _gateway(said: Publication, **fields: Any) -> Publication:
    centre = said.data_centres[0]
    gateways: tuple[PublishedGateway, ...] = (replace(centre.gateways[0], **fields), *centre.gateways[1:])
    return replace(said, data_centres=(replace(centre, gateways=gateways),))


def _centre(said: Publication, **fields: Any) -> Publication:
    return replace(said, data_centres=(replace(said.data_centres[0], **fields),))


def _service(said: Publication, **fields: Any) -> Publication:
    return replace(said, services=(replace(said.services[0], **fields), *said.services[1:]))


DENIED: dict[str, tuple[Callable[[Publication], Publication], Reason]] = {
    "another's AS": (lambda p: _centre(p, asn=4200081800), Reason.FOREIGN_ASN),
    "a gateway in another's AS": (lambda p: _gateway(p, asn=4200081800), Reason.FOREIGN_ASN),
    "another's block": (lambda p: replace(p, ipv4=IPv4Network("10.115.32.0/20")), Reason.FOREIGN_PREFIX),
    "another's prefix": (lambda p: _centre(p, prefixes=(IPv4Network("10.115.40.0/27"),)), Reason.FOREIGN_PREFIX),
    "the whole pool": (lambda p: _centre(p, prefixes=(IPv4Network("10.64.0.0/10"),)), Reason.FOREIGN_PREFIX),
    "a network that must stay": (
        lambda p: _centre(p, prefixes=(shipped().member("tn").tenants[1].networks[0].ipv4,)),
        Reason.PREFIX_NOT_EXPORTED,
    ),
    "another's data centre": (lambda p: _centre(p, id="cairo-1"), Reason.FOREIGN_NAME),
    "a gateway that nobody knows": (lambda p: _gateway(p, name="gw9"), Reason.FOREIGN_NAME),
    "another gateway's number": (lambda p: _gateway(p, number=2), Reason.CONTRADICTS_SPEC),
    "another site": (lambda p: _centre(p, site=3), Reason.CONTRADICTS_SPEC),
    "another's loopback": (lambda p: _gateway(p, loopbacks=p.gateways[1].loopbacks), Reason.FOREIGN_LOOPBACK),
    "a private address": (lambda p: _gateway(p, public_address=IPv4Address("10.0.0.1")), Reason.UNROUTABLE_ADDRESS),
    "its own machine": (lambda p: _gateway(p, public_address=IPv4Address("127.0.0.1")), Reason.UNROUTABLE_ADDRESS),
    "the metadata service": (
        lambda p: _gateway(p, public_address=IPv4Address("169.254.169.254")),
        Reason.UNROUTABLE_ADDRESS,
    ),
    "one key for two gateways": (
        lambda p: _gateway(p, wireguard_key=p.gateways[1].wireguard_key),
        Reason.SAME_KEY,
    ),
    "one address for two gateways": (
        lambda p: _gateway(p, public_address=p.gateways[1].public_address),
        Reason.SAME_ADDRESS,
    ),
    "another's service": (lambda p: _service(p, id="eg-e-learning"), Reason.FOREIGN_NAME),
    "another endpoint": (lambda p: _service(p, endpoint="https://evil.example/"), Reason.FOREIGN_ENDPOINT),
    "a wider audience": (lambda p: _service(p, offered_to=("eg",)), Reason.CONTRADICTS_SPEC),
    "a service twice": (lambda p: replace(p, services=(*p.services, p.services[0])), Reason.DUPLICATE),
    "a label that lasts longer": (
        lambda p: replace(p, labels=(replace(p.labels[0], valid_until=date(2030, 1, 1)),)),
        Reason.CONTRADICTS_SPEC,
    ),
    "another name": (lambda p: replace(p, country="eg"), Reason.WRONG_NAME),
    "a moment to come": (
        lambda p: replace(p, issued=NOW + timedelta(hours=1), expires=NOW + timedelta(days=2)),
        Reason.FROM_THE_FUTURE,
    ),
    "a long life": (lambda p: replace(p, expires=NOW + timedelta(days=31)), Reason.LIVES_TOO_LONG),
    "an end in the past": (lambda p: replace(p, issued=NOW - timedelta(days=9), expires=NOW), Reason.EXPIRED),
}


@pytest.mark.parametrize("case", DENIED)
def test_what_the_spec_or_the_clock_denies_is_refused_though_rightly_signed(case: str, tn: Country) -> None:
    change, reason = DENIED[case]
    tn.remember()
    tn.put(encode(change(a_publication())))
    assert refused(tn.verdict()) is reason


def test_what_is_not_rightly_signed_is_refused(tn: Country) -> None:
    raw, at = encode(a_publication()), tn.root / "publications"
    tn.remember()
    tn.put(raw)
    (at / "tn.json.sig").unlink()
    assert refused(tn.verdict()) is Reason.UNSIGNED
    (at / "tn.json.sig").write_bytes(b"\xff" * 100)
    assert refused(tn.verdict()) is Reason.BAD_SIGNATURE
    tn.put(raw)
    (at / "tn.json.sig").write_text((at / "tn.json.sig").read_text() * 2)
    assert refused(tn.verdict()) is Reason.BAD_SIGNATURE
    tn.put(raw, space="file")
    assert refused(tn.verdict()) is Reason.WRONG_NAMESPACE
    tn.put(raw, key=tn.stranger)
    assert refused(tn.verdict()) is Reason.WRONG_SIGNER
    tn.put(raw)
    (at / "tn.json").write_bytes(raw.replace(b"Tunis", b"Tunix"))
    assert refused(tn.verdict()) is Reason.ALTERED
    (at / "tn.json").write_bytes(b" " * (1024 * 1024 + 1))
    assert refused(tn.verdict()) is Reason.TOO_LARGE
    tn.put(b"[" * 100_000)
    assert refused(tn.verdict()) is Reason.NOT_JSON
    tn.put(canonical(json.loads(raw) | {"password": "x"}))
    assert refused(tn.verdict()) is Reason.MALFORMED
    tn.put(raw + b" ")
    assert refused(tn.verdict()) is Reason.NOT_CANONICAL
    (at / "tn.json").unlink()
    (at / "tn.json").symlink_to(tn.key)
    assert refused(tn.verdict()) is Reason.UNREADABLE


def test_keys_count_from_their_first_day_until_their_last(tn: Country) -> None:
    public = make_key(tn.root / "next", "next")
    old = tn.spec.member("tn").signers[0]
    following = Signer(public, date(2027, 5, 1), date(2028, 5, 1))
    line = on_one_line(sign(succession.statement("tn", following), tn.key, succession.NAMESPACE))
    spec = having("tn", tn.spec, signers=(old, replace(following, introduced=line)))
    for key, issued, expected in (
        (tn.key, datetime(2027, 4, 30, tzinfo=UTC), None),
        (tn.root / "next", datetime(2027, 4, 30, tzinfo=UTC), Reason.SIGNER_NOT_YET),
        (tn.root / "next", datetime(2027, 5, 1, tzinfo=UTC), None),
        (tn.key, datetime(2027, 5, 31, tzinfo=UTC), None),
        (tn.key, datetime(2027, 6, 1, tzinfo=UTC), Reason.SIGNER_ENDED),
    ):
        tn.put(encode(a_publication(issued=issued)), key=key)
        verdict = tn.verdict(now=issued, spec=spec)
        assert (verdict.reason if isinstance(verdict, Refused) else None) is expected
    tn.put(encode(a_publication(issued=datetime(2027, 5, 31, tzinfo=UTC))))
    assert refused(tn.verdict(now=datetime(2027, 6, 2, tzinfo=UTC), spec=spec)) is Reason.SIGNER_ENDED


def test_nothing_of_a_suspended_member_counts(tn: Country) -> None:
    tn.put(encode(a_publication()))
    suspended = having("tn", tn.spec, status=MemberStatus.SUSPENDED)
    assert refused(tn.verdict(spec=suspended)) is Reason.NOT_ACTIVE


def test_an_older_one_than_was_seen_is_refused_and_a_refusal_changes_nothing(tn: Country) -> None:
    old, new = encode(a_publication(issued=NOW - timedelta(days=1))), encode(a_publication())
    tn.put(new)
    verdicts = read_all(tn.root, tn.spec, NOW)
    folder.write_seen(tn.root, remembering({}, verdicts))
    before = (tn.root / ".ace" / "seen.json").read_bytes()
    assert isinstance(tn.verdict(), Verified)
    tn.put(old)
    assert refused(tn.verdict()) is Reason.ROLLED_BACK
    tn.put(encode(a_publication(keys=False)))
    assert refused(tn.verdict()) is Reason.ROLLED_BACK
    seen = folder.read_seen(tn.root)
    assert seen is not None
    assert remembering(seen, read_all(tn.root, tn.spec, NOW)) == seen
    assert (tn.root / ".ace" / "seen.json").read_bytes() == before


def test_a_labs_key_counts_for_examples_only_and_only_in_a_lab(tn: Country) -> None:
    lab = tn.root / ".ace" / "lab"
    (lab / "signing").mkdir(parents=True)
    make_key(lab / "signing" / "tn", "lab")
    tn.put(encode(a_publication()), key=lab / "signing" / "tn")
    assert refused(tn.verdict()) is Reason.WRONG_SIGNER
    (lab / "clouds.yaml").write_text("clouds: {}\n")
    assert isinstance(tn.verdict(), Verified)
    assert refused(tn.verdict(spec=having("tn", tn.spec, example=False))) is Reason.WRONG_SIGNER


def test_what_is_not_on_the_whitelist_does_not_leave() -> None:
    secret = "hunter2-" * 4
    member = shipped().member("tn")
    gateway = {"name": "gw1.tunis-1.tn", "public_address": "198.18.20.17", "token": secret}
    outputs = {
        "publication": {"data_centres": [{"gateways": [gateway], "note": secret}], "hubs": [], "password": secret},
        "inventory": {"secret": secret},
    }
    key = a_publication().gateways[0].wireguard_key
    facts = {"gw1.tunis-1.tn": {"wireguard_public_key": key, "wireguard_private_key": secret}, secret: {"a": secret}}
    raw = encode(build(shipped(), member, made(outputs, facts), NOW))
    assert secret.encode() not in raw
    assert b"198.18.20.17" in raw
    assert key is not None and key.encode() in raw


def test_the_region_needs_nothing_of_any_country(tn: Country, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SPEC_DIR, tn.root / "ecosystem")
    tn.put(encode(a_publication()), key=tn.stranger)
    with pytest.raises(SystemExit) as exit_:
        main(["publication", "verify", "--spec", str(tn.root / "ecosystem"), "--format", "json"])
    body = json.loads(capsys.readouterr().out)
    told = {entry["country"]: entry["reason"] for entry in body["publications"]}
    assert exit_.value.code == 1
    assert (told["tn"], told["eg"], told["hub-tunis"]) == ("wrong-signer", "absent", "absent")
    assert not (tn.root / ".ace" / "seen.json").exists()


def test_a_lab_s_key_counts_for_examples_where_it_lies_beside_the_spec_and_only_for_them(tn: Country) -> None:
    tn.put(encode(a_publication()), key=tn.stranger)
    assert refused(tn.verdict()) is Reason.WRONG_SIGNER
    folder.show_lab_key(tn.root, "tn", tn.stranger.with_suffix(".pub").read_text().strip())
    assert isinstance(tn.verdict(), Verified)
    assert (tn.root / "lab-signers" / "tn.pub").stat().st_mode & 0o777 == 0o644
    assert refused(tn.verdict(spec=having("tn", tn.spec, example=False))) is Reason.WRONG_SIGNER
