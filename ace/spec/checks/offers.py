"""Check members' signers, residency rules and services."""

from __future__ import annotations

from collections.abc import Iterator

from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.checks.facts import Facts, MemberFacts, refer, refer_all, twice, unknown
from ace.spec.fields import shown


def check_signers(facts: Facts) -> Iterator[Finding]:
    """A key signs for one member, and for a time that exists."""
    signers = [signer for member in facts.members for signer in member.cursor["signers"].items]
    yield from twice(((_key(signer), signer["key"]) for signer in signers), "signing key", " in the region")
    for signer in signers:
        since, until = signer["from"].day, signer["until"].day
        if since is not None and until is not None and until <= since:
            yield signer["until"].finding("dates", f"{until} is not after {since}, when the key begins to count")


def _key(signer: Cursor) -> str | None:
    parts = (signer["key"].text or "").split(" ")
    return parts[1] if len(parts) > 1 else None


def check_residency(facts: Facts) -> Iterator[Finding]:
    """Rules speak of classes of data that there are, and transfers go to members."""
    for member in facts.members:
        for data_class, rule in member.cursor["residency"].entries:
            if facts.data_classes is not None and data_class not in facts.data_classes:
                yield rule.key_finding("unknown-reference", unknown("data class", data_class, facts.data_classes))
            transfers, mode = rule["transfers_to"], rule["mode"].text
            yield from refer_all(transfers, facts.registered, "member")
            if mode in {"in_country_only", "unknown"} and list(transfers.items):
                yield transfers.finding("residency", f"with mode {mode!r} nothing may be transferred; delete this")
            for country in transfers.items:
                if country.text == member.code:
                    yield country.finding("residency", f"{member.code} transfers nothing to itself; delete it")


def check_services(facts: Facts) -> Iterator[Finding]:
    """Services have ids and endpoints of their own and run in a tenant that may hold their data."""
    services = [service for member in facts.members for service in member.cursor["services"].items]
    yield from twice(((service["id"].text, service["id"]) for service in services), "service id", " in the region")
    yield from twice(((_endpoint(service), service["endpoint"]) for service in services), "endpoint", " in the region")
    for member in facts.members:
        for service in member.cursor["services"].items:
            yield from refer(service["sector"], facts.sectors, "sector")
            yield from refer_all(service["data_classes"], facts.data_classes, "data class")
            audience = facts.registered | {"all"} if facts.registered is not None else None
            yield from refer_all(service["offered_to"], audience, "member")
            offered = service["offered_to"].texts
            if "all" in offered and len(offered) > 1:
                yield service["offered_to"].finding("audience", "`all` covers every member; delete the others or `all`")
            yield from refer_all(service["support"]["languages"], facts.languages, "language of the ecosystem")
            yield from _home(facts, member, service)


def _endpoint(service: Cursor) -> str | None:
    text = service["endpoint"].text
    return text.rstrip("/") if text is not None else None


def _home(facts: Facts, member: MemberFacts, service: Cursor) -> Iterator[Finding]:
    tenants = list(member.cursor["tenants"].items)
    sector, named = service["sector"].text, service["tenant"].text
    written = member.cursor["tenants"].node
    if written is not None and written.items is None:
        return
    if service["tenant"]:
        names = frozenset(name for tenant in tenants if (name := (tenant["name"] or tenant["sector"]).text) is not None)
        yield from refer(service["tenant"], names, f"tenant of {member.code}")
        homes = [tenant for tenant in tenants if (tenant["name"] or tenant["sector"]).text == named]
    else:
        homes = [tenant for tenant in tenants if tenant["sector"].text == sector]
        if sector is not None and (facts.sectors is None or sector in facts.sectors) and len(homes) != 1:
            count = f"{len(homes)} tenants" if homes else "no tenant"
            message = f"{member.code} has {count} of sector {shown(sector)}; name the service's with `tenant:`"
            yield service["sector"].finding("no-tenant", message)
    if len(homes) != 1:
        return
    home = homes[0]
    declared = home["data_classes"] or facts.ecosystem["sectors"][home["sector"].text or ""]["data_classes"]
    if not declared or (facts.data_classes is not None and not facts.data_classes.issuperset(declared.texts)):
        return
    for data_class in service["data_classes"].items:
        known = facts.data_classes is None or data_class.text in facts.data_classes
        if data_class.text is not None and known and data_class.text not in declared.texts:
            held = ", ".join(sorted(declared.texts))
            message = f"its tenant at {home.place} holds no {shown(data_class.text)} data, only {held}"
            yield data_class.finding("data-class", message)
