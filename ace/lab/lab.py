"""Bring a lab up, take it down, show its status. All of it can be repeated: what is as it should be is left alone."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ace.errors import UserError
from ace.files import put
from ace.lab import clouds_file, hosts, machine, processes, starting, suites
from ace.lab.api import ApiError, CloudApi, Login, probe
from ace.lab.environment import INSTALL_MB, Cache
from ace.lab.folder import KnownCloud, LabFolder, Memory
from ace.lab.seed import ACE, seed
from ace.lab.values import CloudRequest, CloudStatus, HostStatus, LabStatus, Progress

DEFAULT_PORT = 8000
READY_S = 900.0
"""How long a cloud whose processes all live may take until it answers: twelve that start at once on a busy machine are slow."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
ANSWER_S = 20.0
"""How long one answer of a cloud may take."""
FAKE, HOSTS = "fake", "hosts"
"""What a cloud's servers are; keys of `drivers.servers.KINDS`."""
SERVERS = "/compute/v2.1/servers/detail?all_tenants=1&limit=1000"


def _quiet(_line: str) -> None:
    pass


class Lab:
    """The lab of ROOT."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._folder = LabFolder.of(self.root)

    @property
    def folder(self) -> Path:
        return self._folder.path

    @property
    def clouds_file(self) -> Path:
        """The clouds.yaml of the lab's clouds (mode 0600)."""
        return self._folder.clouds_file

    def env(self) -> dict[str, str]:
        """What to put into the environment of OpenStack clients."""
        return {"OS_CLIENT_CONFIG_FILE": str(self.clouds_file)}

    def known(self) -> tuple[CloudRequest, ...]:
        """The clouds that this lab has, started or stopped."""
        memory = self._folder.recall()
        return tuple(cloud.request for cloud in memory.clouds.values()) if memory else ()

    def up(
        self,
        clouds: Sequence[CloudRequest],
        on_progress: Progress = _quiet,
        *,
        port: int | None = None,
        real_hosts: bool | None = False,
        host_suite: str | None = None,
    ) -> LabStatus:
        """Have those clouds running and ready, and what all clouds share; what runs already is left as it is.

        Args:
            clouds: The clouds. A cloud that this lab has already keeps its data.
            on_progress: Takes a line at a time; may be called from several threads.
            port: The port of every cloud on its own address. Default: the lab's, else 8000.
            real_hosts: Whether servers are hosts that boot. None: they are if this machine can have them, and clouds
                that are there already stay as they are.
            host_suite: Debian's suite of the hosts. Default: the lab's, else as `suites.default_suite` states.

        Raises:
            UserError: The machine cannot run it, a port is taken, or a service does not come up; names which and why.
        """
        machine.check_platform()
        if real_hosts:
            hosts.check_possible()
        self._folder.make()
        with self._folder.locked(on_progress):
            memory = self._remember(clouds, port, real_hosts, host_suite)
            names = [cloud.name for cloud in clouds]
            self._check_room(memory, names)
            real = any(memory.clouds[name].servers == HOSTS for name in names)
            if real:
                hosts.prepare(self._folder, memory.host_suite, on_progress)
            cache = Cache()
            cache.fill(on_progress)
            for name in names:
                self._make_cloud(memory.clouds[name], memory.port, cache.templates)
            clouds_file.write(self.clouds_file, self._folder, memory)
            starting.start(self._folder, names, cache.python, on_progress, real_hosts=real)
            self._get_all_ready(memory, names, on_progress)
            return self._status(memory, ask=False)

    def down(self, *, wipe: bool = False, clouds: Sequence[str] | None = None, on_progress: Progress = _quiet) -> None:
        """Stop those clouds (None: all, and what they share); with `wipe` remove their data.

        Raises:
            UserError: A cloud of that name is not in this lab.
        """
        if not self.folder.is_dir():
            return
        with self._folder.locked(on_progress):
            if clouds is None:
                self._stop_all(wipe=wipe)
                return
            memory = self._folder.recall() or Memory(DEFAULT_PORT)
            if unknown := [name for name in clouds if name not in memory.clouds]:
                raise UserError(
                    f"this lab has no cloud {', '.join(unknown)}; it has {', '.join(memory.clouds) or 'none'}",
                    hint="see `ace lab status`",
                    code="no-such-cloud",
                )
            self._stop_some(memory, clouds, wipe=wipe)

    def status(self) -> LabStatus:
        """The lab as it is now; every started cloud is asked one thing at each API."""
        memory = self._folder.recall()
        return self._status(memory or Memory(DEFAULT_PORT), ask=True)

    # -- up

    def _remember(
        self, clouds: Sequence[CloudRequest], port: int | None, real_hosts: bool | None, host_suite: str | None
    ) -> Memory:
        memory = self._folder.recall() or Memory(port or DEFAULT_PORT)
        if port is not None and port != memory.port:
            if memory.clouds:
                raise UserError(
                    f"this lab listens on port {memory.port}; its clouds know themselves by it",
                    hint=f"leave the port out, or make a new lab: `ace lab down --wipe`, then `ace lab up --port {port}`",
                    code="other-port",
                )
            memory = Memory(port)
        memory = _with_suite(memory, host_suite)
        wish = not hosts.why_not() if real_hosts is None else real_hosts
        for cloud in clouds:
            memory = memory.with_cloud(cloud, HOSTS if wish else FAKE)
            if real_hosts is not None:
                _check_kind(memory.clouds[cloud.name], real_hosts)
        self._folder.remember(memory)
        return memory

    def _check_room(self, memory: Memory, names: Sequence[str]) -> None:
        running = processes.running(self.folder)
        fronts = [name for name in names if f"{name}/{processes.FRONT}" not in running]
        machine.check_addresses((memory.clouds[name].request.address for name in fronts), memory.port)
        new = [name for name in names if not any(role in running for role in processes.roles_of(name))]
        machine.check_memory(len(new), shared=processes.NURSERY not in running)
        machine.check_disk(self.folder, machine.DISK_PER_CLOUD_MB * len(new), "the lab")
        cache = Cache()
        if not cache.complete:
            machine.check_disk(cache.folder, INSTALL_MB, "what the lab installs once")

    def _make_cloud(self, cloud: KnownCloud, port: int, templates: Path) -> None:
        """Its folder with databases and passwords, whole or not at all; what is there is kept."""
        folder = self._folder.cloud(cloud.request.name)
        if folder.is_dir():
            return
        half = folder.with_name(f".{folder.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        for name in ("db", "run", "log"):
            (half / name).mkdir(mode=0o700, parents=True)
        for template in templates.glob("*.sqlite"):
            shutil.copyfile(template, half / "db" / template.name)
        request = cloud.request
        settings = {
            "name": request.name,
            "region": request.region,
            "address": str(request.address),
            "port": port,
            "availability_zones": request.availability_zones,
            "servers": cloud.servers,
            "passwords": {user: secrets.token_urlsafe(24) for user in ("admin", "service", ACE)},
        }
        put(half / "cloud.json", json.dumps(settings, indent=1))
        half.rename(folder)

    def _get_all_ready(self, memory: Memory, names: Sequence[str], on_progress: Progress) -> None:
        given_up = threading.Event()
        with ThreadPoolExecutor(max(len(names), 1)) as pool:
            waiting = [pool.submit(self._get_ready, memory, name, on_progress, given_up) for name in names]
            try:
                errors = [error for future in waiting if (error := future.exception())]
            except BaseException:  # Ctrl-C: the clouds go on starting, we no longer wait for them
                given_up.set()
                raise
        _raise_all(errors)

    def _get_ready(self, memory: Memory, name: str, on_progress: Progress, given_up: threading.Event) -> None:
        """Wait until every API answers; seed the cloud if that has not been done."""
        cloud = memory.clouds[name]
        folder = self._folder.cloud(name)
        admin = self._api(cloud, memory.port, "admin")
        deadline, pause = processes.Deadline(READY_S), FIRST_PAUSE_S
        while True:
            try:
                probe(admin)
                break
            except ApiError as error:
                if given_up.is_set():
                    return
                starting.check_alive(self._folder, name)
                if deadline.passed:
                    raise UserError(
                        f"{name} did not get ready in {READY_S:.0f} s: {error}",
                        hint=f"see {folder / 'log'}; try again with `ace lab up {cloud.request.country}`",
                        code="lab-not-ready",
                    ) from None
                deadline.nap(pause)
                pause = min(LONGEST_PAUSE_S, 1.2 * pause)
        marker = folder / "state" / "seeded"
        if not marker.exists():
            try:
                seed(admin, cloud, clouds_file.password(self._folder, name, ACE))
            except ApiError as error:
                raise UserError(
                    f"{name} could not be furnished: {error}",
                    hint=f"see {folder / 'log'}; try again with `ace lab up {cloud.request.country}`",
                    code="lab-not-ready",
                ) from None
            marker.touch()
        on_progress(f"{name} is ready at {clouds_file.auth_url(cloud, memory.port)}")

    # -- down

    def _stop_all(self, *, wipe: bool) -> None:
        processes.stop(processes.running(self.folder))
        self._put_hosts_away(None)
        if wipe:
            self._folder.remove()
        elif memory := self._folder.recall():
            for name in memory.clouds:
                memory = memory.stopped(name)
            self._folder.remember(memory)

    def _stop_some(self, memory: Memory, names: Sequence[str], *, wipe: bool) -> None:
        for name in names:
            memory = memory.without(name) if wipe else memory.stopped(name)
        running = processes.running(self.folder)
        ending = {role for name in names for role in processes.roles_of(name)}
        if not any(cloud.started for cloud in memory.clouds.values()):
            ending |= set(running)
        processes.stop({role: found for role, found in running.items() if role in ending})
        self._put_hosts_away(names if any(cloud.started for cloud in memory.clouds.values()) else None)
        if wipe and not memory.clouds:
            self._folder.remove()
            return
        self._folder.remember(memory)
        clouds_file.write(self.clouds_file, self._folder, memory)
        if wipe:
            for name in names:
                shutil.rmtree(self._folder.cloud(name), ignore_errors=True)

    def _put_hosts_away(self, clouds: Sequence[str] | None) -> None:
        """After the services, which would take a host that goes off for one that was switched off."""
        if self._folder.base.is_symlink():
            hosts.sweep(self.folder, clouds)

    # -- status

    def _status(self, memory: Memory, *, ask: bool) -> LabStatus:
        running = processes.running(self.folder)
        with ThreadPoolExecutor(max(len(memory.clouds), 1)) as pool:
            clouds = tuple(
                pool.map(
                    lambda cloud: self._cloud_status(cloud, memory.port, set(running), ask), memory.clouds.values()
                )
            )
        started = [cloud for cloud in clouds if cloud.started]
        real = any(cloud.started and cloud.servers == HOSTS for cloud in memory.clouds.values())
        desired = processes.shared(real_hosts=real) if started else ()
        shared = tuple(role for role in desired if role not in running)
        down = (*shared, *(role for cloud in started for role in cloud.down))
        found: dict[str, HostStatus] = {}
        for cloud in clouds:
            if ask and cloud.ready and memory.clouds[cloud.name].servers == HOSTS:
                found |= _hosts(self._api(memory.clouds[cloud.name], memory.port, "admin"), cloud.name)
        return LabStatus(self.folder, memory.port, clouds, down, self.env(), dict(sorted(found.items())))

    def _cloud_status(self, cloud: KnownCloud, port: int, running: set[str], ask: bool) -> CloudStatus:
        name = cloud.request.name
        down = tuple(role for role in processes.roles_of(name) if role not in running) if cloud.started else ()
        detail = "" if cloud.started else "stopped"
        if cloud.started and not down and ask:
            try:
                probe(self._api(cloud, port, ACE))
            except (ApiError, OSError) as error:
                detail = str(error)
        return CloudStatus(
            name=name,
            country=cloud.request.country,
            region=cloud.request.region,
            auth_url=clouds_file.auth_url(cloud, port),
            started=cloud.started,
            ready=cloud.started and not down and not detail,
            down=down,
            detail=detail,
        )

    # -- a cloud's API

    def _api(self, cloud: KnownCloud, port: int, user: str) -> CloudApi:
        login = Login(user, clouds_file.password(self._folder, cloud.request.name, user), user)
        return CloudApi(str(cloud.request.address), port, login, timeout_s=ANSWER_S)


def _with_suite(memory: Memory, desired: str | None) -> Memory:
    """With the suite of its hosts: that of those it has, else the one that is asked for."""
    if desired:
        suites.checked(desired)
    if not any(cloud.servers == HOSTS for cloud in memory.clouds.values()):
        return replace(memory, host_suite=desired or memory.host_suite or suites.default_suite())
    suite = memory.host_suite or suites.SUITES[0]  # a lab made before there was a choice
    if desired and desired != suite:
        raise UserError(
            f"the hosts of this lab are Debian {suite}, not {desired}, and stay so",
            hint=f"keep it so, or make a new lab: `ace lab down --wipe`, then `ace lab up --host-suite {desired}`",
            code="other-host-suite",
        )
    return replace(memory, host_suite=suite)


def _check_kind(cloud: KnownCloud, real_hosts: bool) -> None:
    if (cloud.servers == HOSTS) is not real_hosts:
        name, country = cloud.request.name, cloud.request.country
        raise UserError(
            f"the servers of the lab's cloud {name} are {'real hosts' if cloud.servers == HOSTS else 'fake'}, "
            "and a cloud cannot change that",
            hint=f"keep it so, or create the cloud again: `ace lab down {country} --wipe`, then `ace lab up`",
            code="cloud-made-otherwise",
        )


def _hosts(api: CloudApi, cloud: str) -> dict[str, HostStatus]:
    """The cloud's servers by name."""
    try:
        servers = api.get(SERVERS)["servers"]
    except (ApiError, OSError):
        return {}
    return {
        server["name"]: HostStatus(
            cloud=cloud,
            state=server["status"].lower(),
            addresses=tuple(one["addr"] for network in server["addresses"].values() for one in network),
        )
        for server in servers
    }


def _raise_all(errors: list[BaseException]) -> None:
    """Raise what went wrong; several things that a person can be shown become one."""
    user_errors = [error for error in errors if isinstance(error, UserError)]
    if len(user_errors) < len(errors):
        raise next(error for error in errors if not isinstance(error, UserError))
    if user_errors:
        raise UserError(
            "\n".join(error.message for error in user_errors), hint=user_errors[0].hint, code=user_errors[0].code
        )
