"""Volumes that exist for the API and hold nothing: their quotas, states and attachments are real, their blocks are not."""

from __future__ import annotations

from typing import Any

from cinder import interface
from cinder.volume import driver

CAPACITY_GIB = 100_000


@interface.volumedriver
class WeightlessDriver(driver.VolumeDriver):  # type: ignore[misc]
    VERSION = "1.0"

    def do_setup(self, context: Any) -> None:
        pass

    def check_for_setup_error(self) -> None:
        pass

    def _update_volume_stats(self) -> None:
        backend = self.configuration.safe_get("volume_backend_name")
        pool = {
            "pool_name": backend,
            "total_capacity_gb": CAPACITY_GIB,
            "free_capacity_gb": CAPACITY_GIB,
            "reserved_percentage": 0,
            "multiattach": True,
            "thin_provisioning_support": True,
            "max_over_subscription_ratio": "20",
            "provisioned_capacity_gb": 0,
        }
        self._stats = {
            "volume_backend_name": backend,
            "vendor_name": "ACE lab",
            "driver_version": self.VERSION,
            "storage_protocol": "iSCSI",
            "pools": [pool],
        }

    def create_volume(self, volume: Any) -> None:
        pass

    def delete_volume(self, volume: Any) -> None:
        pass

    def create_snapshot(self, snapshot: Any) -> None:
        pass

    def delete_snapshot(self, snapshot: Any) -> None:
        pass

    def create_volume_from_snapshot(self, volume: Any, snapshot: Any) -> None:
        pass

    def create_cloned_volume(self, volume: Any, src_vref: Any) -> None:
        pass

    def extend_volume(self, volume: Any, new_size: int) -> None:
        pass

    def revert_to_snapshot(self, context: Any, volume: Any, snapshot: Any) -> None:
        pass

    def clone_image(
        self, context: Any, volume: Any, image_location: Any, image_meta: Any, image_service: Any
    ) -> tuple[dict[str, Any], bool]:
        return {"provider_location": None}, True

    def copy_image_to_volume(self, context: Any, volume: Any, image_service: Any, image_id: str, **_: Any) -> None:
        pass

    def retype(self, context: Any, volume: Any, new_type: Any, diff: Any, host: Any) -> tuple[bool, None]:
        return True, None

    def ensure_export(self, context: Any, volume: Any) -> None:
        pass

    def create_export(self, context: Any, volume: Any, connector: Any) -> None:
        pass

    def remove_export(self, context: Any, volume: Any) -> None:
        pass

    def initialize_connection(self, volume: Any, connector: Any, **_: Any) -> dict[str, Any]:
        return {
            "driver_volume_type": "iscsi",
            "data": {
                "target_discovered": False,
                "target_portal": "127.0.0.1:3260",
                "target_iqn": f"iqn.2010-10.org.openstack:{volume.id}",
                "target_lun": 1,
                "volume_id": volume.id,
                "access_mode": "rw",
            },
        }

    def terminate_connection(self, volume: Any, connector: Any, **_: Any) -> None:
        pass
