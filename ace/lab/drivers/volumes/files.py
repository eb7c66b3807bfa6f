"""Volumes that are sparse files, for clouds whose servers are real: hosts see them as disks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from cinder import interface
from drivers.hosts import loops
from drivers.volumes.weightless import WeightlessDriver
from oslo_config import cfg

GIB = 1 << 30


@interface.volumedriver
class FileDriver(WeightlessDriver):
    def do_setup(self, context: Any) -> None:
        self._folder = Path(cfg.CONF.state_path).parents[1] / "volumes"
        self._folder.mkdir(exist_ok=True, mode=0o700)

    def create_volume(self, volume: Any) -> None:
        self._grow(self._file(volume), volume.size)

    def delete_volume(self, volume: Any) -> None:
        loops.detach(self._file(volume))
        self._file(volume).unlink(missing_ok=True)

    def create_snapshot(self, snapshot: Any) -> None:
        _copy(self._file(snapshot.volume), self._file(snapshot))

    def delete_snapshot(self, snapshot: Any) -> None:
        self._file(snapshot).unlink(missing_ok=True)

    def create_volume_from_snapshot(self, volume: Any, snapshot: Any) -> None:
        _copy(self._file(snapshot), self._file(volume))
        self._grow(self._file(volume), volume.size)

    def create_cloned_volume(self, volume: Any, src_vref: Any) -> None:
        _copy(self._file(src_vref), self._file(volume))
        self._grow(self._file(volume), volume.size)

    def extend_volume(self, volume: Any, new_size: int) -> None:
        self._grow(self._file(volume), new_size)
        loops.grown(self._file(volume))

    def revert_to_snapshot(self, context: Any, volume: Any, snapshot: Any) -> None:
        _copy(self._file(snapshot), self._file(volume))
        self._grow(self._file(volume), volume.size)

    def clone_image(
        self, context: Any, volume: Any, image_location: Any, image_meta: Any, image_service: Any
    ) -> tuple[dict[str, Any], bool]:
        """The lab's image is empty, and so is what is made from it."""
        self._grow(self._file(volume), volume.size)
        return {"provider_location": None}, True

    def initialize_connection(self, volume: Any, connector: Any, **_: Any) -> dict[str, Any]:
        data = {"volume_id": volume.id, "file": str(self._file(volume)), "access_mode": "rw"}
        return {"driver_volume_type": "local", "data": data}

    def _file(self, thing: Any) -> Path:
        return self._folder / str(thing.id)

    @staticmethod
    def _grow(file: Path, gib: int) -> None:
        """Have it, of at least that size, and hold no room for what was never written."""
        with os.fdopen(os.open(file, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as opened:
            opened.truncate(max(gib * GIB, file.stat().st_size))


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], check=True)
