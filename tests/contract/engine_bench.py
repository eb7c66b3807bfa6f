"""A stack whose cloud is a folder: what the engine's contract tests run their programs on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ace.engine.contract import Event, Message, Op, Outcome, Plan, RunOptions, Stack
from ace.engine.embedded.engine import EmbeddedEngine
from ace.engine.pulumi_cli import store
from ace.engine.pulumi_cli.engine import PulumiCliEngine
from ace.engine.pulumi_cli.workspace import Workspace, prepare
from tests.contract.files_plugin import CHECKOUT, install
from tests.contract.files_provider import PROGRAM, TOKEN, FilesProvider, mood, sweep

PASSPHRASE = "correct horse"


@dataclass
class Bench:
    """One stack on one folder."""

    root: Path
    events: list[Event] = field(default_factory=list)
    driver: str = "embedded"
    """The engine's name: `embedded` or `pulumi`."""
    fingerprint: str = ""

    def __post_init__(self) -> None:
        (self.root / "cloud").mkdir(exist_ok=True)
        (self.root / "program").mkdir(exist_ok=True)
        (self.root / "Pulumi.yaml").write_text("name: ace\nruntime: python\nmain: program\n")
        if self.driver == "pulumi":
            (self.root / "bin").mkdir(exist_ok=True)
            install(self.root / "bin")

    def driven_by(self, driver: str) -> Bench:
        """The same stack, run by another engine."""
        return Bench(self.root, self.events, driver)

    @property
    def stack(self) -> Stack:
        path = os.pathsep.join([str(self.root / "bin"), os.environ["PATH"]])
        folders = {"FILES_FOLDER": str(self.root / "cloud"), "SECOND_FOLDER": str(self.root / "second")}
        environment = {**folders, "PATH": path, "PYTHONPATH": str(CHECKOUT)}
        return Stack("tn", self.root, self.root / "state", PASSPHRASE, environment, fingerprint=self.fingerprint)

    def program(self, text: str) -> None:
        (self.root / "program" / "__main__.py").write_text(PROGRAM + text)

    @property
    def engine(self) -> EmbeddedEngine | PulumiCliEngine:
        made = PulumiCliEngine if self.driver == "pulumi" else EmbeddedEngine
        return made({"files": FilesProvider()})

    @property
    def workspace(self) -> Workspace:
        """Where the CLI itself can be asked about the stack."""
        return prepare(self.stack, store.resolve(self.stack))

    def up(self, text: str | None = None, **options: object) -> Outcome:
        if text is not None:
            self.program(text)
        return self.engine.up(self.stack, RunOptions(**options), self.events.append, threading.Event())  # type: ignore[arg-type]

    def preview(self, text: str | None = None, **options: object) -> Plan:
        if text is not None:
            self.program(text)
        return self.engine.preview(self.stack, RunOptions(**options), self.events.append, threading.Event())  # type: ignore[arg-type]

    def down(self, **options: object) -> Outcome:
        return self.engine.destroy(self.stack, RunOptions(**options), self.events.append, threading.Event())  # type: ignore[arg-type]

    def refresh(self) -> Outcome:
        return self.engine.refresh(self.stack, RunOptions(), self.events.append, threading.Event())

    @property
    def files(self) -> dict[str, dict[str, object]]:
        """What the cloud has once all that is on its way out has gone, by content."""
        self.await_rest()
        found = [json.loads(path.read_text()) for path in (self.root / "cloud").glob("*.json")]
        assert len({body["content"] for body in found}) == len(found), "two files of one content"
        return {body["content"]: body for body in found}

    @property
    def going(self) -> int:
        """How many files are on their way out of the cloud."""
        found = [mood(self.root / "cloud", path.name) for path in (self.root / "cloud").glob("*.goes")]
        return sum(float(due or 0) > time.time() for due in found)

    def await_rest(self) -> None:
        """Wait until the cloud has carried out all that it was asked to."""
        cloud, deadline = self.root / "cloud", time.monotonic() + 60
        while [*cloud.glob("*.goes"), *cloud.glob("*.comes")]:
            sweep(cloud)
            assert time.monotonic() < deadline, "the cloud never comes to rest"
            threading.Event().wait(0.02)

    def up_killed(self, text: str, *, at: int | None = None) -> int:
        """Up that dies as by kill -9: where the cloud's folder says, or before journal record `at`.

        Returns its exit code, 9 when it died.
        """
        self.program(text)
        process = self.alone("up", at=at)
        _, errors = process.communicate(timeout=120)
        assert process.returncode in (0, 9), errors
        return process.returncode

    def alone(self, action: str, *, at: int | None = None) -> subprocess.Popen[str]:
        """Begin an up or down in a process of its own, which ends with 9 before journal record `at`."""
        script = (
            "import os, pathlib\n"
            "from ace.engine.journal import Journal\n"
            "from tests.contract.engine_bench import Bench\n"
            f"left, append = [{at if at is not None else -1}], Journal.append\n"
            "def dying(self, *records):\n"
            "    if left[0] == 0: os._exit(9)\n"
            "    left[0] -= 1\n"
            "    append(self, *records)\n"
            "Journal.append = dying\n"
            f"bench = Bench.again(pathlib.Path({str(self.root)!r}), 'embedded')\n"
            f"bench.{action}()\n"
        ).replace("bench.up()", "bench.up(force=True)")
        return subprocess.Popen(
            [sys.executable, "-c", script], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def down_alone(self) -> subprocess.Popen[str]:
        """Begin a down in a process of its own, by either engine, that takes Ctrl-C as `ace` does."""
        script = (
            "import pathlib\n"
            "from ace.cli.interrupt import interruptible\n"
            "from ace.engine.contract import RunOptions\n"
            "from tests.contract.engine_bench import Bench\n"
            f"bench = Bench.again(pathlib.Path({str(self.root)!r}), {self.driver!r})\n"
            "with interruptible(lambda _text: None, lambda: '') as cancel:\n"
            "    bench.engine.destroy(bench.stack, RunOptions(), bench.events.append, cancel)\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", script], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @classmethod
    def again(cls, root: Path, driver: str) -> Bench:
        """A bench that is there already, as another process finds it."""
        bench = cls.__new__(cls)
        bench.root, bench.driver, bench.fingerprint, bench.events = root, driver, "", []
        return bench

    def said(self, level: str) -> list[str]:
        """What was told at that level."""
        return [event.text for event in self.events if isinstance(event, Message) and event.level == level]

    def found_in_state(self, text: str) -> list[str]:
        """Files of the state folder that hold this text."""
        files = [path for path in (self.root / "state").rglob("*") if path.is_file()]
        assert files
        return [path.name for path in files if text.encode() in path.read_bytes()]

    @property
    def deletes(self) -> list[str]:
        log = self.root / "cloud" / "deletes"
        return log.read_text().split() if log.exists() else []


def ops(result: Plan | Outcome) -> dict[str, str]:
    """What is done to each file, by name; what stays the same is left out."""
    return {step.name: str(step.op) for step in result.steps if step.type == TOKEN and step.op is not Op.SAME}
