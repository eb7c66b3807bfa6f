"""Small engines whose cloud is a folder: a stack's file lists its resources, the engine writes one file for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ace.engine.contract import (
    EventSink,
    Failure,
    JsonValue,
    Op,
    Outcome,
    Phase,
    Plan,
    Properties,
    RunOptions,
    Secret,
    Stack,
    Step,
    StepFinished,
    StepStarted,
    ignore_events,
)
from ace.engine.guards import refuse_protected


class FolderEngine:
    """Makes what `program_dir/desired` lists, or what it is told that a stack wants: `!name` is protected, `?name` refused.

    A stack's cloud is its state folder.
    """

    name = "embedded"

    def __init__(
        self,
        before_step: Callable[[Stack, str], None] = lambda _stack, _name: None,
        desired: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._before_step = before_step
        self._told = desired or {}

    def preview(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Plan:
        sink(Phase(stack.name, "planning"))
        return Plan(stack.name, tuple(self._steps(stack)))

    def up(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        steps = self._steps(stack)
        sink(Phase(stack.name, "applying", len(steps)))
        return self._carry_out(stack, steps, sink, cancel)

    def refresh(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        sink(Phase(stack.name, "refreshing"))
        return Outcome(stack.name, tuple(self._step(stack, Op.SAME, name) for name in self._present(stack)))

    def destroy(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        protected = [name for name in self._wanted(stack) if name.startswith("!")]
        refuse_protected(stack.name, [] if options.unprotect else protected)
        steps = [self._step(stack, Op.DELETE, name) for name in self._present(stack)]
        return self._carry_out(stack, steps, sink, cancel)

    def drift(self, stack: Stack, sink: EventSink, cancel: threading.Event) -> tuple[Step, ...]:
        return tuple(step for step in self._steps(stack) if step.op is not Op.SAME)

    def outputs(self, stack: Stack) -> Properties:
        return {"resources": self._present(stack), "password": Secret("hunter2")}

    def export(self, stack: Stack, sink: EventSink = ignore_events) -> dict[str, JsonValue]:
        resources = [{"urn": f"urn:pulumi:{stack.name}::ace::{name}"} for name in self._present(stack)]
        return {"version": 3, "deployment": {"resources": resources}}

    def import_(self, stack: Stack, deployment: Mapping[str, JsonValue], sink: EventSink = ignore_events) -> None:
        stack.state_dir.mkdir(parents=True, exist_ok=True)
        for resource in deployment["deployment"]["resources"]:
            (stack.state_dir / resource["urn"].rsplit("::", 1)[-1]).touch()

    def _wanted(self, stack: Stack) -> list[str]:
        if stack.name in self._told:
            return list(self._told[stack.name])
        return (stack.program_dir / "desired").read_text(encoding="utf-8").split()

    def _present(self, stack: Stack) -> list[str]:
        return sorted(path.name for path in stack.state_dir.iterdir()) if stack.state_dir.is_dir() else []

    def _steps(self, stack: Stack) -> list[Step]:
        desired, present = [name.strip("!") for name in self._wanted(stack)], self._present(stack)
        return [
            Step(
                Op.SAME,
                f"urn:pulumi:{stack.name}::ace::pulumi:pulumi:Stack::ace",
                "pulumi:pulumi:Stack",
                "ace",
                (),
                False,
            ),
            *(self._step(stack, Op.SAME if name in present else Op.CREATE, name) for name in desired),
            *(self._step(stack, Op.DELETE, name) for name in present if name not in desired),
        ]

    def _step(self, stack: Stack, op: Op, name: str) -> Step:
        return Step(op, f"urn:pulumi:{stack.name}::ace::folder:index:File::{name}", "folder:index:File", name)

    def _carry_out(self, stack: Stack, steps: list[Step], sink: EventSink, cancel: threading.Event) -> Outcome:
        done: list[Step] = []
        failures: list[Failure] = []
        for step in steps:
            if cancel.is_set():
                return Outcome(stack.name, tuple(done), tuple(failures), interrupted=True)
            if step.op is not Op.SAME:
                sink(StepStarted(stack.name, step))
                self._before_step(stack, step.name)
            if step.name.startswith("?") and step.op is Op.CREATE:
                failures.append(Failure(step.urn, "the cloud says: quota exceeded", "ask for more"))
                sink(StepFinished(stack.name, step, error="the cloud says: quota exceeded"))
                continue
            file = stack.state_dir / step.name
            if step.op is Op.CREATE:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
            elif step.op is Op.DELETE:
                file.unlink()
            sink(StepFinished(stack.name, step))
            done.append(step)
        return Outcome(stack.name, tuple(done), tuple(failures))


def a_stack(folder: Path, name: str, *desired: str) -> Stack:
    """A stack with a program that wants those resources."""
    program, state = folder / name, folder / name / "state"
    state.mkdir(parents=True, exist_ok=True)
    (program / "desired").write_text("\n".join(desired), encoding="utf-8")
    return Stack(name, program, state, "a passphrase")
