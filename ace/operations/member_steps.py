"""What a transition does in a country's clouds, each as a step that can be repeated: quotas, servers, export, tear-down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from ace.errors import UserError
from ace.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action
    from ace.fleet.stacks import StackOutcome
    from ace.membership.transition import Intent, Step
    from ace.openstack.cloud import Cloud
    from ace.operations.deploy import Deployment, DeployResult
    from ace.spec.values import Member
    from ace.workspace.workspace import Workspace

QUOTAS: Final = (
    "openstack:compute/quotaSetV2:QuotaSetV2",
    "openstack:networking/quotaV2:QuotaV2",
    "openstack:blockstorage/quoteSetV3:QuoteSetV3",
)


class RunDeployment(Protocol):
    """How a prepared deployment is run: the caller shows it or does not, and may end the process when it is abandoned."""

    def __call__(self, prepared: Deployment, /) -> DeployResult:
        """Run it; a failed country is in the result."""


class Estate:
    """A country's clouds and stack, as a transition needs them; the spec is read anew for each step."""

    def __init__(self, spec_dir: Path, country: str, run: RunDeployment) -> None:
        self.spec_dir, self.country, self._run = spec_dir, country, run

    # ------------------------------------------------------------------------------------------------------------ steps

    def quotas(self, would: str) -> Step:
        """Make the tenants' quotas what the stack says for the member's status now; nothing else is touched."""
        from ace.membership.transition import Done, Step

        def act(_intent: Intent) -> Done:
            from ace.engine.contract import Op, RunOptions
            from ace.fleet.report import Action

            if why := self.not_here():
                return Done(why)
            planned = self._run_stack(Action.PREVIEW, RunOptions())
            targets = tuple(step.urn for step in planned.steps if step.type in QUOTAS and step.op is not Op.SAME)
            if not targets:
                return Done("the quotas are as they should be")
            self._run_stack(Action.UP, RunOptions(targets=targets))
            return Done(f"{len(targets)} quotas set")

        return Step("quotas", would, act)

    def stop_servers(self, note: Path) -> Step:
        """Stop the tenants' running servers, and remember which they were before any of them is stopped."""
        from ace.files import put
        from ace.membership import estate
        from ace.membership.transition import Done, Step

        def act(_intent: Intent) -> Done:
            if why := self.not_here():
                return Done(why)
            stopped: dict[str, list[str]] = json.loads(note.read_text()) if note.exists() else {}
            for name, cloud in self.clouds().items():
                projects = [id_ for id_, _ in estate.projects_of(cloud, self.country)]
                running = [one for one in estate.running_servers(cloud, projects) if one not in stopped.get(name, ())]
                stopped[name] = [*stopped.get(name, ()), *running]
                put(note, json.dumps(stopped) + "\n", durable=True)
                estate.stop_servers(cloud, projects, ())
            return Done(f"{sum(map(len, stopped.values()))} servers of tenants are stopped")

        return Step("servers", "stop the tenants' running servers, and remember which", act)

    def start_servers(self, note: Path) -> Step:
        """Start the servers that the suspension stopped."""
        from ace.membership import estate
        from ace.membership.transition import Done, Step

        def act(_intent: Intent) -> Done:
            if not note.exists():
                return Done("no servers were stopped")
            if why := self.not_here():
                return Done(why)
            stopped: dict[str, list[str]] = json.loads(note.read_text())
            clouds = self.clouds()
            count = sum(estate.start_servers(clouds[name], ids) for name, ids in stopped.items() if name in clouds)
            note.unlink()
            return Done(f"{count} servers of tenants run again")

        return Step("servers", "start the servers that the suspension stopped", act)

    def export(self) -> Step:
        """Put all that is the country's own into an archive."""
        from ace.membership import archive, estate
        from ace.membership.transition import Done, Step

        def act(intent: Intent) -> Done:
            stamp = "".join(character for character in intent.begun if character.isalnum())
            file = Layout(self.spec_dir.parent).exports / f"{self.country}-{stamp}.tar.gz"
            if "archive" in intent.facts:
                return Done(f"all that is the country's own is in {intent.facts['archive']}")
            projects = {
                name: [id_ for id_, _ in estate.projects_of(cloud, self.country)]
                for name, cloud in self.clouds().items()
            }
            workspace = self._workspace_or_none()
            member = self._member()
            name = workspace.spec.region.name if workspace else "the ecosystem"
            digest = archive.write_archive(file, self._owned(), member.name.en, name, intent.begun)
            told = f"all that is the country's own is in {file} (SHA-256 {digest[:16]}...)"
            return Done(told, {"archive": str(file), "sha256": digest, "projects": projects})

        return Step("export", "put state, file, publications and log into an archive in ROOT/.ace/exports", act)

    def tear_down(self) -> Step:
        """Destroy the stack, what is protected included, in the order of its dependencies."""
        from ace.membership.transition import Done, Step

        def act(_intent: Intent) -> Done:
            from ace.engine.contract import RunOptions
            from ace.fleet.report import Action

            if why := self.not_here():
                return Done(why)
            done = self._run_stack(Action.DOWN, RunOptions(unprotect=("*",)))
            return Done(f"{done.counts.delete} resources deleted")

        return Step("tear-down", f"ace down {self.country} --unprotect '*': all that the stack made, in order", act)

    def verify(self) -> Step:
        """Ask the clouds whether anything of the country is left, and take its projects' quotas away."""
        from ace.membership import estate
        from ace.membership.transition import Done, Step

        def act(intent: Intent) -> Done:
            clouds = self.clouds()
            if not clouds:
                return Done("its clouds are not in clouds.yaml: the country verifies it itself")
            projects: Mapping[str, list[str]] = intent.facts.get("projects", {})
            left: list[str] = []
            for name, cloud in clouds.items():
                estate.reset_quotas(cloud, projects.get(name, ()))
                left += [f"{name}: quotas of {id_}" for id_ in estate.own_quotas(cloud, projects.get(name, ()))]
                for centre in self._member().data_centres:
                    if centre.cloud.cloud == name:
                        left += [f"{name}: {what}" for what in estate.left_of(cloud, self.country, centre.id)]
            if left:
                raise UserError(
                    f"not everything of {self.country} is gone: {'; '.join(left[:8])}"
                    + (f" and {len(left) - 8} more" if len(left) > 8 else ""),
                    hint="what people made in its projects is theirs to delete (`openstack project cleanup`); "
                    f"then `ace member remove {self.country}` again",
                    code="not-gone",
                )
            return Done(f"nothing of it is left in {', '.join(clouds)}; its quotas are reset")

        return Step("verify", "ask its clouds whether anything is left; reset its projects' quotas", act)

    # ----------------------------------------------------------------------------------------------------------- inside

    def not_here(self) -> str:
        """Why there is no stack to be run here; empty when there is one."""
        from ace.workspace import engines

        workspace = self._workspace_or_none()
        if workspace is None:
            return "there is no clouds.yaml here: the country does this where its credentials are"
        member = workspace.spec.member(self.country)
        if member.state.backend == "local" and engines.holder(workspace.layout.state(member.stack)) is None:
            return "nothing of it was ever deployed from here"
        if missing := workspace.clouds.missing(member):
            return f"{', '.join(missing)} is not in clouds.yaml: the country does this where its credentials are"
        return ""

    def clouds(self) -> dict[str, Cloud]:
        """The member's clouds that clouds.yaml knows, each by the credential that sees projects."""
        from ace.openstack.cloud import Cloud
        from ace.workspace.clouds_file import VARIABLE

        workspace = self._workspace_or_none()
        if workspace is None:
            return {}
        environment = {VARIABLE: str(workspace.clouds.path)}
        return {
            centre.cloud.cloud: Cloud({"cloud": centre.cloud.cloud, "region": centre.cloud.region}, environment)
            for centre in workspace.spec.member(self.country).data_centres
            if centre.cloud.cloud in workspace.clouds.entries
        }

    def _owned(self) -> dict[str, str]:
        from ace.membership import archive
        from ace.membership.log import FILE

        root, code, top = self.spec_dir.parent, self.country, self.spec_dir.name
        layout = Layout(root)
        publication = layout.publications / f"{code}.json"
        wanted = {
            "member.yaml": root / top / "members" / f"{code}.yaml",
            "answers.yaml": root / top / "answers" / f"{code}.yaml",
            "stack.yaml": root / "stacks" / f"Pulumi.{code}.yaml",
            f"publications/{code}.json": publication,
            f"publications/{code}.json.sig": publication.with_name(f"{code}.json.sig"),
            "fitness.json": layout.fitness(code),
            "facts.json": layout.facts(code),
        }
        owned = {name: path.read_text(encoding="utf-8") for name, path in wanted.items() if path.is_file()}
        log = root / top / FILE
        owned["transitions.jsonl"] = archive.lines_of(log.read_text(encoding="utf-8"), code) if log.is_file() else ""
        if not self.not_here():
            from ace.workspace.engines import EngineName
            from ace.workspace.selection import one

            job = one(self._workspace(), code, EngineName.AUTO)
            owned["deployment.json"] = json.dumps(job.engine.export(job.stack), indent=2, ensure_ascii=False) + "\n"
        return owned

    def _workspace(self) -> Workspace:
        from ace.workspace.workspace import open_workspace

        return open_workspace(self.spec_dir)

    def _workspace_or_none(self) -> Workspace | None:
        try:
            return self._workspace()
        except UserError as error:
            if error.code == "no-clouds-file":
                return None
            raise

    def _member(self) -> Member:
        from ace.spec import load

        return load(self.spec_dir).member(self.country)

    def _run_stack(self, action: Action, options: RunOptions) -> StackOutcome:
        """Run the country's stack, whatever its status.

        Raises:
            UserError: It did not come to its end.
        """
        from ace.errors import InterruptedByUser
        from ace.fleet.run import Result
        from ace.operations.deploy import prepare_one

        done = self._run(prepare_one(self._workspace(), action, self.country, options=options))
        ((stack, country),) = done.countries.items()
        if country.result is Result.EARLY_EXIT:
            raise InterruptedByUser("interrupted; the same command continues from here")
        if not country.result.went_well:
            raise UserError(
                f"{stack}: {country.cause.removeprefix(f'{stack}: ')}",
                hint=f"{country.hint + '; ' if country.hint else ''}then the same command again: it continues from here",
                code=country.reason or "failed",
            )
        return country
