"""Servers that are real: each boots as a systemd-nspawn machine with its ports' addresses (`drivers.hosts`).

What runs is left running when Nova restarts; what Nova thinks of a server is corrected when it went off by itself.
"""

from __future__ import annotations

import base64
import logging
import threading
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from drivers.dataplane.kernel import DataPlane
from drivers.hosts import machine
from drivers.hosts.machine import FirstBoot, Host
from drivers.hosts.record import Disk, Nic, Record
from drivers.servers.fake import FakeServers
from nova import conf, exception, objects
from nova import context as nova_context
from nova.compute import power_state
from nova.virt import event as virt_event
from nova.virt import hardware

LOG = logging.getLogger(__name__)
LOOK_S = 2.0
"""How often to look for hosts that went off by themselves; Nova's own look comes minutes later."""
USER_KEYS = "ssh/id_ed25519.pub"
"""The lab's own key, in the lab's folder."""


class HostServers(FakeServers):
    def init_host(self, host: str) -> None:
        super().init_host(host)
        cloud_folder = Path(conf.CONF.state_path).parents[1]
        self._lab = cloud_folder.parents[1]
        self._folder = cloud_folder / "hosts"
        self._folder.mkdir(exist_ok=True, mode=0o700)
        self._plane = DataPlane.of(cloud_folder)
        self._plane.underlay()
        self._stopping: set[str] = set()
        self._remove_strangers()
        threading.Thread(target=self._watch, name="ace-lab-hosts", daemon=True).start()

    def default_root_device_name(self, instance: Any, image_meta: Any, root_bdm: Any) -> str:
        return "/dev/vda"

    # -- life

    def spawn(
        self,
        context: Any,
        instance: Any,
        image_meta: Any,
        injected_files: Any,
        admin_password: Any,
        allocations: Any,
        network_info: Any = None,
        block_device_info: Any = None,
        power_on: bool = True,
        accel_info: Any = None,
    ) -> None:
        super().spawn(
            context,
            instance,
            image_meta,
            injected_files,
            admin_password,
            allocations,
            network_info,
            block_device_info,
            power_on,
            accel_info,
        )
        host = self._host_of(instance.uuid)
        try:
            self._create(host, instance, network_info, block_device_info)
            if power_on:
                host.start()
        except Exception as error:
            LOG.exception("a host did not boot", extra={"instance": instance})
            host.destroy()
            raise exception.InstanceDeployFailure(reason=str(error)) from error

    def _create(self, host: Host, instance: Any, network_info: Any, block_device_info: Any) -> None:
        nics, resolvers = _nics(network_info)
        record = Record(
            server_id=instance.uuid,
            hostname=instance.hostname or "host",
            base=str((self._lab / "base").resolve()),
            memory_mb=instance.flavor.memory_mb,
            nics=nics,
            disks=tuple(
                _disk(volume["connection_info"], volume["mount_device"])
                for volume in (block_device_info or {}).get("block_device_mapping") or ()
            ),
        )
        lab_key = (self._lab / USER_KEYS).read_text(encoding="ascii")
        keys = (instance.key_data or "", lab_key)
        user_data = base64.b64decode(instance.user_data) if instance.user_data else b""
        host.create(record, FirstBoot(tuple(key.strip() for key in keys if key.strip()), resolvers, user_data))

    def destroy(
        self,
        context: Any,
        instance: Any,
        network_info: Any,
        block_device_info: Any = None,
        destroy_disks: bool = True,
        destroy_secrets: bool = True,
    ) -> None:
        self._host_of(instance.uuid).destroy()
        super().destroy(context, instance, network_info, block_device_info, destroy_disks, destroy_secrets)

    def power_off(self, instance: Any, timeout: int = 0, retry_interval: int = 0) -> None:
        self._stop(instance.uuid, hard=False)
        super().power_off(instance, timeout, retry_interval)

    def power_on(
        self,
        context: Any,
        instance: Any,
        network_info: Any,
        block_device_info: Any = None,
        accel_info: Any = None,
        share_info: Any = None,
    ) -> None:
        self._have(instance, network_info, block_device_info).start()
        super().power_on(context, instance, network_info, block_device_info, accel_info, share_info)

    def reboot(
        self,
        context: Any,
        instance: Any,
        network_info: Any,
        reboot_type: str,
        block_device_info: Any = None,
        bad_volumes_callback: Any = None,
        accel_info: Any = None,
        share_info: Any = None,
    ) -> None:
        self._stop(instance.uuid, hard=reboot_type.lower() == "hard")
        self.power_on(context, instance, network_info, block_device_info)

    def resume_state_on_host_boot(
        self, context: Any, instance: Any, network_info: Any, share_info: Any, block_device_info: Any = None
    ) -> None:
        """The machine or the lab was down: boot it again; others wait for nobody's SSH server."""
        self._have(instance, network_info, block_device_info).start(wait=False)
        self.instances[instance.uuid].state = power_state.RUNNING

    def get_info(self, instance: Any, use_cache: bool = True) -> Any:
        if instance.uuid not in self.instances:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        runs = self._host_of(instance.uuid).running
        return hardware.InstanceInfo(state=power_state.RUNNING if runs else power_state.SHUTDOWN)

    def get_console_output(self, context: Any, instance: Any) -> str:
        return self._host_of(instance.uuid).console()

    # -- interfaces and volumes

    def attach_interface(self, context: Any, instance: Any, image_meta: Any, vif: Any) -> None:
        super().attach_interface(context, instance, image_meta, vif)
        host = self._host_of(instance.uuid)
        (nic,), _ = _nics([vif], host.record.next_index)
        host.add_interface(nic)

    def detach_interface(self, context: Any, instance: Any, vif: Any) -> None:
        self._interfaces.pop(vif["id"], None)
        self._host_of(instance.uuid).remove_interface(vif["id"])

    def attach_volume(
        self,
        context: Any,
        connection_info: Any,
        instance: Any,
        mountpoint: str,
        disk_bus: Any = None,
        device_type: Any = None,
        encryption: Any = None,
    ) -> None:
        self._host_of(instance.uuid).add_disk(_disk(connection_info, mountpoint))
        super().attach_volume(context, connection_info, instance, mountpoint, disk_bus, device_type, encryption)

    def detach_volume(
        self, context: Any, connection_info: Any, instance: Any, mountpoint: str, encryption: Any = None
    ) -> None:
        self._host_of(instance.uuid).remove_disk(connection_info["data"]["volume_id"])
        super().detach_volume(context, connection_info, instance, mountpoint, encryption)

    # -- parts

    def _host_of(self, server_id: str) -> Host:
        return Host(self._folder / server_id, self._plane)

    def _have(self, instance: Any, network_info: Any, block_device_info: Any) -> Host:
        """Its host, made anew if its folder is gone."""
        host = self._host_of(instance.uuid)
        if not host.known:
            self._create(host, instance, network_info or instance.get_network_info(), block_device_info)
        return host

    def _stop(self, server_id: str, *, hard: bool) -> None:
        self._stopping.add(server_id)
        try:
            self._host_of(server_id).stop(hard=hard)
        finally:
            self._stopping.discard(server_id)

    def _watch(self) -> None:
        """Report hosts that went off by themselves to Nova."""
        pause = threading.Event()
        running: set[str] = set()
        while True:
            pause.wait(LOOK_S)
            now = {server_id for server_id in list(self.instances) if self._host_of(server_id).running}
            for server_id in running - now - self._stopping:
                known = self.instances.get(server_id)
                host = self._host_of(server_id)
                if known is not None and known.state == power_state.RUNNING and host.known:
                    LOG.warning("%s went off", server_id)
                    host.silence()
                    self.emit_event(virt_event.LifecycleEvent(server_id, virt_event.EVENT_LIFECYCLE_STOPPED))
            running = now

    def _remove_strangers(self) -> None:
        """Remove hosts whose server is gone: it was deleted while its compute service was down."""
        for folder in machine.all_in(self._folder):
            try:
                objects.Instance.get_by_uuid(nova_context.get_admin_context(), folder.name)
            except exception.InstanceNotFound:
                LOG.warning("%s is of no server; removing it", folder.name)
                self._host_of(folder.name).destroy()


def _nics(network_info: Any, first: int = 0) -> tuple[tuple[Nic, ...], tuple[str, ...]]:
    """Interfaces as Nova describes them, and the resolvers that their subnets name."""
    nics: list[Nic] = []
    resolvers: list[str] = []
    for number, vif in enumerate(network_info or (), first):
        addresses: list[str] = []
        gateways: list[str] = []
        routes: list[tuple[str, str]] = []
        for subnet in vif["network"]["subnets"]:
            length = ip_network(subnet["cidr"]).prefixlen
            addresses += [f"{ip['address']}/{length}" for ip in subnet["ips"]]
            gateway = (subnet["gateway"] or {}).get("address")
            if gateway and subnet["ips"]:
                gateways.append(gateway)
            routes += [(r["cidr"], r["gateway"]["address"]) for r in subnet["routes"] if r.get("gateway")]
            resolvers += [dns["address"] for dns in subnet["dns"] if dns["address"] not in resolvers]
        nics.append(
            Nic(
                index=number,
                port_id=vif["id"],
                network_id=vif["network"]["id"],
                mac=vif["address"],
                mtu=int((vif["network"].get("meta") or {}).get("mtu") or 1500),
                addresses=tuple(addresses),
                gateways=tuple(gateways),
                routes=tuple(routes),
            )
        )
    return tuple(nics), tuple(resolvers)


def _disk(connection_info: Any, device: str) -> Disk:
    data = connection_info["data"]
    return Disk(volume_id=data["volume_id"], file=data["file"], device=Path(device).name)
