"""tls: whether a client that verifies may trust the cloud's addresses, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed, skipped
from ace.membership.fitness.facts import TlsFact

NOTICE: Final = timedelta(days=14)
"""A certificate that ends sooner is as good as ended: gateways and people will meet it."""


def judge(certificates: tuple[TlsFact, ...], asked: Asked) -> Judged:
    """PASS: every endpoint is https, its chain is trusted, and it stays so for two weeks."""
    if certificates and all(one.plain and one.loopback for one in certificates):
        return skipped("plain http on loopback: a lab, nothing leaves this machine")
    for one in certificates:
        if one.plain and not one.loopback:
            return failed(
                f"{one.host} is spoken to over plain http", "put TLS in front of it and correct the catalogue"
            )
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
    if left < NOTICE:
        return failed(f"{first.host}: ends in {left.days} days, on {first.not_after:%Y-%m-%d}", "renew it now")
    return passed(f"{len(secure)} trusted; the first ends on {first.not_after:%Y-%m-%d} ({first.host})")


TEST = FitnessTest(
    "tls", "The cloud's addresses can be trusted: chain and end of every certificate", lambda c: c.tls, judge
)
