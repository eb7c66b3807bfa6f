"""One cloud of the lab, as its `cloud.json` states; paths and addresses follow from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CloudConfig:
    """A cloud and where it lives. `folder` is absolute; `service_password` is known to the cloud's services alone."""

    name: str
    region: str
    address: str
    port: int
    zones: tuple[str, ...]
    servers: str
    """How servers run: a key of `drivers.servers.KINDS`."""
    admin_password: str
    service_password: str
    folder: Path

    @classmethod
    def read(cls, folder: Path) -> CloudConfig:
        """The cloud that lives in `folder`."""
        settings = json.loads((folder / "cloud.json").read_text(encoding="utf-8"))
        return cls(
            name=settings["name"],
            region=settings["region"],
            address=settings["address"],
            port=settings["port"],
            zones=tuple(settings["availability_zones"]),
            servers=settings["servers"],
            admin_password=settings["passwords"]["admin"],
            service_password=settings["passwords"]["service"],
            folder=folder,
        )

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def host(self) -> str:
        """The host name under which the cloud's own services are known in it."""
        return self.name

    @property
    def compute_hosts(self) -> dict[str, str]:
        """Availability zone -> the host name of its compute service."""
        return {zone: f"{self.name}-{zone}" for zone in self.zones}

    def database(self, name: str) -> Path:
        return self.folder / "db" / f"{name}.sqlite"

    def database_url(self, name: str) -> str:
        """How SQLAlchemy names it; what finds it locked all the same, outside the queue of `turns`, tries for 60 s."""
        return f"sqlite:///{self.database(name)}?timeout=60"

    def etc(self, file: str) -> Path:
        return self.folder / "etc" / file

    def state(self, service: str) -> Path:
        return self.folder / "state" / service

    def log(self, file: str) -> Path:
        return self.folder / "log" / file

    def socket(self, service: str) -> str:
        """The service's unix socket, relative to the lab's folder: absolute ones may exceed the kernel's 107 bytes."""
        return f"clouds/{self.name}/run/{service}.sock"

    def make_folders(self) -> None:
        for folder in ("db", "etc", "log", "run", "state", "images"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
