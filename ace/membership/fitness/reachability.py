"""Whether the cloud's API can be reached and trusted: TLS, identity v3, clock, latency."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ace.membership.fitness.contract import Assessment, FitnessTest, failed, passed, skipped
from ace.membership.fitness.facts import IdentityFact, TlsFact
from ace.membership.fitness.requirements import Requirements

TLS_NOTICE: Final = timedelta(days=14)
"""A certificate that ends sooner fails the test: it would end while the member is at work."""


def assess_tls(certificates: tuple[TlsFact, ...], required: Requirements) -> Assessment:
    """PASS: every endpoint is https, its chain is trusted, and it stays so for two weeks."""
    if certificates and all(one.plain and one.loopback for one in certificates):
        return skipped("plain http on loopback: a lab, nothing leaves this machine")
    for one in certificates:
        if one.plain and not one.loopback:
            return failed(f"{one.host} is reached over plain http", "put TLS in front of it and correct the catalogue")
    for one in certificates:
        if one.problem:
            ended = f", ended {one.not_after:%Y-%m-%d}" if one.not_after and one.not_after < one.asked_at else ""
            return failed(
                f"{one.host}: {one.problem}{ended}",
                f"renew the certificate of {one.host}"
                if ended
                else f"serve the whole chain at {one.host}; for a CA of your own give `cacert:` in clouds.yaml",
            )
    secure = [one for one in certificates if one.not_after is not None]
    first = min(secure, key=lambda one: one.not_after or one.asked_at, default=None)
    if first is None or first.not_after is None:
        return failed("no certificate could be read", "is there TLS at the auth_url?")
    left = first.not_after - first.asked_at
    if left < TLS_NOTICE:
        return failed(f"{first.host}: ends in {left.days} days, on {first.not_after:%Y-%m-%d}", "renew it now")
    return passed(f"{len(secure)} trusted; the first ends on {first.not_after:%Y-%m-%d} ({first.host})")


def assess_identity_v3(identity: IdentityFact, required: Requirements) -> Assessment:
    """PASS: a stable or current v3 at the auth_url."""
    good = [id_ for id_, status in identity.versions if id_.startswith("v3") and status in ("stable", "current")]
    if good:
        return passed(f"{good[0]} at {identity.auth_url}")
    offered = ", ".join(f"{id_} ({status})" for id_, status in identity.versions) or "none"
    return failed(
        f"{identity.auth_url} offers no identity v3; it offers {offered}",
        "let auth_url in clouds.yaml lead to Keystone's v3 (…/v3); Keystone before Train is too old",
    )


MAX_SKEW_S: Final = 10.0
"""Tokens, certificates and signed publications have dates; the measurement itself is only good to a second or two."""


def assess_clock(skew_s: float, required: Requirements) -> Assessment:
    """PASS: not more than ten seconds from this machine's."""
    if abs(skew_s) > MAX_SKEW_S:
        direction = "ahead of" if skew_s > 0 else "behind"
        return failed(
            f"the cloud's clock is {abs(skew_s):.0f} s {direction} this machine's",
            "run chrony on the controllers (and look at this machine's own clock)",
        )
    return passed(f"within {MAX_SKEW_S:.0f} s of this machine's")


MAX_LATENCY_MS: Final = 1000.0
"""A stack waits for about forty answers in a row: above a second each, an `up` takes most of a minute for nothing."""


def assess_latency(round_trips_ms: tuple[float, ...], required: Requirements) -> Assessment:
    """PASS: the best of five takes less than a second."""
    best = min(round_trips_ms)
    evidence = f"{best:.0f} ms at best of {len(round_trips_ms)}, {max(round_trips_ms):.0f} ms at worst"
    if best > MAX_LATENCY_MS:
        return failed(evidence, "run `ace` nearer to the cloud, or find what is slow between here and Keystone")
    return passed(evidence)


TESTS: Final[tuple[FitnessTest, ...]] = (
    FitnessTest(
        "tls", "The cloud's addresses can be trusted: chain and end of every certificate", lambda c: c.tls, assess_tls
    ),
    FitnessTest("identity-v3", "Keystone speaks version 3 at the auth_url", lambda c: c.identity, assess_identity_v3),
    FitnessTest("clock", "The cloud's clock is right", lambda c: c.clock_skew_s, assess_clock),
    FitnessTest("latency", "The API answers fast enough to work with", lambda c: c.round_trips_ms, assess_latency),
)
