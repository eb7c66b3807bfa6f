"""identity-v3: whether Keystone speaks version 3."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import IdentityFact


def judge(identity: IdentityFact, asked: Asked) -> Judged:
    """PASS: a stable or current v3 at the auth_url."""
    good = [id_ for id_, status in identity.versions if id_.startswith("v3") and status in ("stable", "current")]
    if good:
        return passed(f"{good[0]} at {identity.auth_url}")
    told = ", ".join(f"{id_} ({status})" for id_, status in identity.versions) or "none"
    return failed(
        f"{identity.auth_url} offers no identity v3; it offers {told}",
        "let auth_url in clouds.yaml lead to Keystone's v3 (…/v3); Keystone before Train is too old",
    )


TEST = FitnessTest("identity-v3", "Keystone speaks version 3 at the auth_url", lambda c: c.identity, judge)
