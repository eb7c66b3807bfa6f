"""One job of `scripts/bench engine` by ACE's embedded engine: `bench_embedded.py JOB FOLDER`."""

from __future__ import annotations

import hashlib
import sys
import threading
from pathlib import Path

from ace.engine.contract import RunOptions, Stack
from ace.engine.embedded.engine import EmbeddedEngine
from ace.openstack import provider


def main() -> None:
    """Do it; a failure is the exit message."""
    job, folder = sys.argv[1], Path(sys.argv[2])
    told = hashlib.sha256((folder / "program" / "__main__.py").read_bytes()).hexdigest()
    environment = {"OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml")}
    stack = Stack("it", folder, folder / "state", "bench", environment, fingerprint=told)
    engine = EmbeddedEngine({"openstack": provider()})
    act = {"refresh": engine.refresh, "destroy": engine.destroy}.get(job, engine.up)
    options = RunOptions(no_skip=job == "no-op evaluated", force=True)
    outcome = act(stack, options, lambda _event: None, threading.Event())
    if outcome.failures:
        raise SystemExit(f"bench: {outcome.failures[0].message}")


if __name__ == "__main__":
    main()
