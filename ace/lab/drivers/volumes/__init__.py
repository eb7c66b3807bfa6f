"""Cinder's drivers of the lab. A driver is a class in a file of its own, named in `KINDS`, as servers' are."""

KINDS = {"fake": "drivers.volumes.weightless.WeightlessDriver", "hosts": "drivers.volumes.files.FileDriver"}
"""Kind of server that the volumes are for -> the class, as Cinder's option `volume_driver` wants it."""
