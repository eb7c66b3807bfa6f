"""Serve one service of one cloud on its unix socket."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from drivers import configuration
from drivers.cloud import CloudConfig
from drivers.openstack.contract import Application, OpenStackService

BACKLOG = 256
IDLE_S = 300


def run(cloud: CloudConfig, service: OpenStackService) -> None:
    """Configure, start and serve; does not come back."""
    from cheroot import wsgi

    _log_to(cloud.log(f"{service.name}.out"))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    cloud.make_folders()
    for file, sections in service.configuration(cloud).items():
        configuration.write(cloud.etc(file), sections)
    os.environ.update(service.environment(cloud))
    application = _below(service.path, cloud, service.application(cloud))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the service may have put its own in place

    path = cloud.socket(service.name)
    Path(path).unlink(missing_ok=True)
    server = wsgi.Server(
        path,
        application,
        numthreads=service.threads,
        server_name=cloud.address,
        request_queue_size=BACKLOG,
        timeout=IDLE_S,
    )
    server.start()


def _below(path: str, cloud: CloudConfig, application: Application) -> Application:
    """The application as it is to be seen from outside: below `path` of the cloud's address."""

    def seen(environ: Any, start_response: Any) -> Iterable[bytes]:
        asked = environ.get("PATH_INFO", "")
        if asked == path or asked.startswith(f"{path}/"):
            environ["SCRIPT_NAME"] = path
            environ["PATH_INFO"] = asked[len(path) :] or "/"
        environ["REMOTE_ADDR"] = environ.get("REMOTE_ADDR") or cloud.address
        environ["SERVER_NAME"], environ["SERVER_PORT"] = cloud.address, str(cloud.port)
        return application(environ, start_response)

    return seen


def _log_to(path: Path) -> None:
    log = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
