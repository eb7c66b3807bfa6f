"""Questions on a terminal: the question, what it means, what may be answered, the default."""

from __future__ import annotations

import sys

import typer

from ace.cli.show.output import stderr


class Terminal:
    """Asks on standard error, so that standard output stays what the command prints."""

    def line(self, ask: str, help_: str, default: str, choices: tuple[str, ...]) -> str:
        """A line of text; the default when nothing is typed."""
        stderr.print()
        stderr.print(f"[bold]{ask}[/]" if "[" not in ask else ask, markup="[" not in ask)
        for line in filter(None, (help_, f"One of: {', '.join(choices)}." if choices else "")):
            stderr.print(f"  {line}", style="dim", markup=False)
        stderr.print(f"> [{default}] " if default else "> ", end="", markup=False)
        typed = sys.stdin.readline()
        if not typed:
            raise typer.Abort
        return typed.strip() or default

    def again(self, why: str) -> None:
        """The last answer will not do."""
        stderr.print(f"  {why}", style="red", markup=False)

    def number(self, ask: str, help_: str, default: int, least: int, most: int) -> int:
        """How many of something."""
        while True:
            text = self.line(ask, f"{help_} {least} to {most}.".strip(), str(default), ())
            if text.strip().isdigit() and least <= int(text) <= most:
                return int(text)
            self.again(f"enter a number from {least} to {most}")

    def heading(self, text: str) -> None:
        """What the next questions are about."""
        stderr.print()
        stderr.rule(text, style="dim")
