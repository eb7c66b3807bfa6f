"""ROOT/.ace/lab: everything that a lab has in ROOT, and the file in which it remembers its clouds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from ace.errors import UserError
from ace.files import locked, put
from ace.lab.values import CloudRequest, ExternalPrefixes, Progress
from ace.layout import Layout

VERSION = 1
EXTERNAL_POOL = IPv4Network("198.18.0.0/15")
EXTERNAL_LENGTH = 21
EXTERNAL_BLOCKS = 1 << (EXTERNAL_LENGTH - EXTERNAL_POOL.prefixlen)


@dataclass(frozen=True, slots=True)
class KnownCloud:
    """A cloud that this lab has. `block` is the number of its external IPv4 prefix, its own in this lab."""

    request: CloudRequest
    block: int
    started: bool
    servers: str = "fake"
    """What its servers are, for as long as it lives: a key of `drivers.servers.KINDS`."""

    @property
    def external(self) -> ExternalPrefixes:
        base = int(EXTERNAL_POOL.network_address) + (self.block << (32 - EXTERNAL_LENGTH))
        digits = f"{self.request.numeric:03d}{self.request.site}"
        return ExternalPrefixes(IPv4Network((base, EXTERNAL_LENGTH)), IPv6Network(f"2001:db8:{digits}::/64"))


@dataclass(frozen=True, slots=True)
class Memory:
    """What the lab remembers between commands: its port and its clouds, in the order of their names."""

    port: int
    clouds: dict[str, KnownCloud] = field(default_factory=dict)
    host_suite: str = ""
    """Debian's suite of its hosts; empty in labs that were made before there was a choice."""

    def with_cloud(self, request: CloudRequest, servers: str = "fake") -> Memory:
        """With that cloud known and started; `servers` is for a cloud that is new.

        Raises:
            UserError: It is known, and was made otherwise than is asked for now.
        """
        known = self.clouds.get(request.name)
        if known and known.request != request:
            raise _made_otherwise(known.request, request)
        block = known.block if known else self._free_block(request)
        servers = known.servers if known else servers
        return self._with({**self.clouds, request.name: KnownCloud(request, block, started=True, servers=servers)})

    def stopped(self, name: str) -> Memory:
        """With that cloud known, but not started."""
        return self._with({**self.clouds, name: replace(self.clouds[name], started=False)})

    def without(self, name: str) -> Memory:
        """With that cloud forgotten."""
        return self._with({known: cloud for known, cloud in self.clouds.items() if known != name})

    def _with(self, clouds: dict[str, KnownCloud]) -> Memory:
        return replace(self, clouds=dict(sorted(clouds.items())))

    def _free_block(self, request: CloudRequest) -> int:
        """The block that the cloud's numbers point at, or the next that no cloud of this lab has."""
        taken = {cloud.block for cloud in self.clouds.values()}
        first = (request.numeric * 5 + request.site) % EXTERNAL_BLOCKS
        for step in range(EXTERNAL_BLOCKS):
            if (block := (first + step) % EXTERNAL_BLOCKS) not in taken:
                return block
        raise UserError(f"a lab has room for {EXTERNAL_BLOCKS} clouds", hint="name fewer countries", code="lab-full")


@dataclass(frozen=True, slots=True)
class LabFolder:
    """Paths of a lab."""

    path: Path

    @classmethod
    def of(cls, root: Path) -> LabFolder:
        """That of a ROOT's lab."""
        return cls(Layout(root).lab)

    @property
    def clouds_file(self) -> Path:
        return self.path / "clouds.yaml"

    @property
    def memory_file(self) -> Path:
        return self.path / "lab.json"

    @property
    def base(self) -> Path:
        """A link to the root file system that new hosts start from."""
        return self.path / "base"

    @property
    def ssh_config(self) -> Path:
        return self.path / "ssh" / "config"

    @property
    def ssh_key(self) -> Path:
        """The lab's own key, which its hosts trust beside the keypair's."""
        return self.path / "ssh" / "id_ed25519"

    def cloud(self, name: str) -> Path:
        return self.path / "clouds" / name

    def log(self, name: str) -> Path:
        return self.path / "log" / name

    def make(self) -> None:
        """Make it, for its owner only, and `.ace` around it."""
        try:
            for folder in (self.path.parent, self.path, self.path / "run", self.path / "log", self.path / "clouds"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"the lab's folder {self.path} cannot be made: {error.strerror}",
                hint="run the lab in a checkout that is yours",
                code="lab-folder",
            ) from None

    def remove(self) -> None:
        """Remove all that the lab has in ROOT."""
        shutil.rmtree(self.path, ignore_errors=False)
        if not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()

    def remember(self, memory: Memory) -> None:
        """Write what the lab has to remember."""
        clouds = {name: asdict(cloud) for name, cloud in memory.clouds.items()}
        body = {"version": VERSION, "port": memory.port, "host_suite": memory.host_suite, "clouds": clouds}
        put(self.memory_file, json.dumps(body, indent=1))

    def recall(self) -> Memory | None:
        """What was remembered; None if there is no lab here.

        Raises:
            UserError: The file cannot be understood.
        """
        try:
            content = json.loads(self.memory_file.read_text(encoding="utf-8"))
            if content["version"] != VERSION:
                raise ValueError(f"version {content['version']}")
            clouds = {name: _known(cloud) for name, cloud in content["clouds"].items()}
            return Memory(content["port"], clouds, content.get("host_suite", ""))
        except FileNotFoundError:
            return None
        except PermissionError:
            raise UserError(
                f"the lab in {self.path} belongs to another user",
                hint="run ace as the user that started the lab",
                code="lab-not-yours",
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{self.memory_file}: this lab's record cannot be read ({error})",
                hint="start afresh: `ace lab down --wipe`",
                code="lab-record",
            ) from None

    @contextmanager
    def locked(self, on_progress: Progress) -> Iterator[None]:
        """Hold the lab: one command at a time changes it, others wait for their turn."""

        def waiting(holder: str) -> None:
            on_progress(f"another ace lab command (process {holder.strip() or '?'}) is at work; waiting for it")

        with locked(self.path / "lock", waiting) as lock:
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield


def _made_otherwise(made: CloudRequest, asked: CloudRequest) -> UserError:
    differ = [
        f"{name} {getattr(made, name)!r}, now {getattr(asked, name)!r}"
        for name in CloudRequest.__dataclass_fields__
        if getattr(made, name) != getattr(asked, name)
    ]
    return UserError(
        f"the lab's cloud {made.name} was made with {'; '.join(differ)}",
        hint=f"keep it as the spec was, or create it again: `ace lab down {made.country} --wipe`, then `ace lab up`",
        code="cloud-made-otherwise",
    )


def _known(content: dict[str, Any]) -> KnownCloud:
    request = content["request"]
    zones = tuple(request["availability_zones"])
    made = CloudRequest(**{**request, "availability_zones": zones})
    return KnownCloud(made, content["block"], content["started"], content.get("servers", "fake"))
