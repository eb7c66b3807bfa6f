"""What each command prints with `--format json`: the name under `schema`, and the type. Imported to describe, not to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ace.cli.show.catalogue import CatalogueDocument, ExplainDocument
from ace.cli.show.deployment import DriftDocument, PreviewDocument
from ace.cli.show.interconnect import ApplyDocument, MapDocument, PlanDocument, ProofsDocument, RenderDocument
from ace.cli.show.interconnect_check import CheckDocument, DrainDocument, UndrainDocument
from ace.cli.show.lab import EnvDocument, LabDocument, StoppedDocument
from ace.cli.show.member_add import MemberAddDocument
from ace.cli.show.members import CarriedOutDocument, MembersDocument
from ace.cli.show.publications import PublicationsDocument
from ace.documents import schema_of
from ace.fleet.report import RunDocument
from ace.membership.fitness.checking import FitnessDocument
from ace.operations.audit import AuditDocument
from ace.operations.doctor import Checkup
from ace.operations.fetch import Fetched
from ace.operations.introduce_key import IntroductionDocument
from ace.operations.outputs import OutputsDocument
from ace.operations.playbook import PlaybookDocument
from ace.operations.policy import ApprovalDocument, RulesDocument
from ace.operations.state import StateImportDocument
from ace.operations.validate import ValidationDocument


@dataclass(frozen=True, slots=True)
class CommandDocument:
    """The JSON of one command."""

    name: str
    """`NAME` in `"schema": "ace/NAME/v1"`."""
    kind: type

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        return schema_of(f"ace/{self.name}/v1", self.kind)


def _documents(**kinds: type) -> dict[str, CommandDocument]:
    return {name.replace("_", " "): CommandDocument(_name(name), kind) for name, kind in kinds.items()}


def _name(command: str) -> str:
    """All commands of the catalogue have one."""
    return "catalogue" if command.startswith("catalogue_") else command.replace("_", "-")


DOCUMENTS: Final[Mapping[str, CommandDocument]] = _documents(
    audit_verify=AuditDocument,
    catalogue_build=CatalogueDocument,
    catalogue_check=CatalogueDocument,
    catalogue_explain=ExplainDocument,
    catalogue_serve=CatalogueDocument,
    configure=PlaybookDocument,
    doctor=Checkup,
    down=RunDocument,
    drift=DriftDocument,
    interconnect_apply=ApplyDocument,
    interconnect_check=CheckDocument,
    interconnect_drain=DrainDocument,
    interconnect_map=MapDocument,
    interconnect_plan=PlanDocument,
    interconnect_prove=ProofsDocument,
    interconnect_render=RenderDocument,
    interconnect_undrain=UndrainDocument,
    lab_down=StoppedDocument,
    lab_env=EnvDocument,
    lab_status=LabDocument,
    lab_up=LabDocument,
    member_activate=CarriedOutDocument,
    member_add=MemberAddDocument,
    member_check=FitnessDocument,
    member_list=MembersDocument,
    member_reinstate=CarriedOutDocument,
    member_remove=CarriedOutDocument,
    member_suspend=CarriedOutDocument,
    outputs=OutputsDocument,
    policy_approve=ApprovalDocument,
    policy_explain=RulesDocument,
    policy_list=RulesDocument,
    preview=PreviewDocument,
    publication_fetch=Fetched,
    publication_introduce=IntroductionDocument,
    publication_verify=PublicationsDocument,
    publish=PublicationsDocument,
    refresh=RunDocument,
    state_import=StateImportDocument,
    up=RunDocument,
    validate=ValidationDocument,
    verify=PlaybookDocument,
)
"""By the words of the command: `policy list`."""
