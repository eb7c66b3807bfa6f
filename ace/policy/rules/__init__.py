"""The rules, one small file each; adding one is adding a file and its line here."""

from __future__ import annotations

from typing import Any, Final

from ace.policy.contract import Owner, PlanFacts, PublicationFacts, Rule
from ace.policy.rules.announcement_residency import ANNOUNCEMENT_RESIDENCY
from ace.policy.rules.data_centre_capacity import DATA_CENTRE_CAPACITY
from ace.policy.rules.label_coverage import LABEL_COVERAGE
from ace.policy.rules.label_ending import LABEL_ENDING
from ace.policy.rules.label_evidence import LABEL_EVIDENCE
from ace.policy.rules.label_term import LABEL_TERM
from ace.policy.rules.member_age import MEMBER_AGE
from ace.policy.rules.name_endpoint import NAME_ENDPOINT
from ace.policy.rules.name_service import NAME_SERVICE
from ace.policy.rules.operator_kind import OPERATOR_KIND
from ace.policy.rules.publication_complete import PUBLICATION_COMPLETE
from ace.policy.rules.publication_ending import PUBLICATION_ENDING
from ace.policy.rules.residency_audience import RESIDENCY_AUDIENCE
from ace.policy.rules.residency_unknown import RESIDENCY_UNKNOWN
from ace.policy.rules.signer_ending import SIGNER_ENDING
from ace.policy.rules.signer_introduced import SIGNER_INTRODUCED
from ace.policy.rules.suspension_two_persons import SUSPENSION_TWO_PERSONS
from ace.policy.rules.waiver_valid import rule_of_waivers
from ace.spec.values import Spec


def _by_id(*rules: Rule[Any]) -> dict[str, Rule[Any]]:
    return {rule.id: rule for rule in rules}


_SPEC_RULES: Final[tuple[Rule[Spec], ...]] = (
    RESIDENCY_UNKNOWN,
    RESIDENCY_AUDIENCE,
    LABEL_COVERAGE,
    LABEL_ENDING,
    LABEL_TERM,
    LABEL_EVIDENCE,
    OPERATOR_KIND,
    DATA_CENTRE_CAPACITY,
    NAME_ENDPOINT,
    NAME_SERVICE,
    SUSPENSION_TWO_PERSONS,
    MEMBER_AGE,
    SIGNER_ENDING,
    SIGNER_INTRODUCED,
)
PLAN_RULES: Final[dict[str, Rule[PlanFacts]]] = _by_id(ANNOUNCEMENT_RESIDENCY)
PUBLICATION_RULES: Final[dict[str, Rule[PublicationFacts]]] = _by_id(PUBLICATION_COMPLETE, PUBLICATION_ENDING)
OWNERS: Final[dict[str, Owner]] = {
    **{rule.id: rule.owner for rule in _SPEC_RULES},
    **{rule.id: rule.owner for rule in PLAN_RULES.values()},
    **{rule.id: rule.owner for rule in PUBLICATION_RULES.values()},
}
SPEC_RULES: Final[dict[str, Rule[Spec]]] = _by_id(*_SPEC_RULES, rule_of_waivers(OWNERS))
LEVELS: Final[dict[str, dict[str, Rule[Any]]]] = {
    "spec": dict(SPEC_RULES),
    "plan": dict(PLAN_RULES),
    "publication": dict(PUBLICATION_RULES),
}
RULES: Final[dict[str, Rule[Any]]] = {id_: rule for level in LEVELS.values() for id_, rule in level.items()}
