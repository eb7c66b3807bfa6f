"""The Pulumi CLI as an `Engine`: drives `pulumi` itself, with `--stack` and its event log, on any backend.

Everything of a country stays in its own folder: the project file that points at the stacks, the stack's configuration
with its salt, and, unless `PULUMI_BACKEND_URL` names another backend, the state. Nothing is written into the checkout,
and no "current stack" is ever set, so many countries run at once.
"""

from ace.engine.pulumi_cli.engine import PulumiCliEngine

__all__ = ["PulumiCliEngine"]
