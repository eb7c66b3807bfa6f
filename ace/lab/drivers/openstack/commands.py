"""Run the services' own management programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from drivers.cloud import CloudConfig
from drivers.openstack.contract import OpenStackService


def run(service: OpenStackService, cloud: CloudConfig, program: str, config: str, *arguments: str) -> None:
    """Run `program --config-file config arguments`; its output goes to the cloud's `log/`.

    Raises:
        RuntimeError: It failed.
    """
    log = cloud.log(f"{program}.log")
    command = [str(Path(sys.prefix) / "bin" / program), "--config-file", str(cloud.etc(config)), *arguments]
    with log.open("ab") as output:
        done = subprocess.run(
            [sys.executable, "-I", "-W", "ignore", *command],
            env={**os.environ, **service.environment(cloud)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
        raise RuntimeError(f"{program} {' '.join(arguments)} ended with {done.returncode}:\n{tail}")
