"""A small, valid and empty disk image, made on the fly: the image that a lab cloud offers."""

from __future__ import annotations

import struct

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS


def empty_qcow2(virtual_bytes: int) -> bytes:
    """A qcow2 image (version 2) of that virtual size in which every cluster is unallocated.

    Four clusters: header, refcount table, one refcount block, L1 table.
    Source: https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.rst
    """
    covered_by_l2 = (CLUSTER // 8) * CLUSTER
    l1_entries = -(-virtual_bytes // covered_by_l2)
    if l1_entries * 8 > CLUSTER:
        raise ValueError(f"{virtual_bytes} bytes need an L1 table of more than one cluster")
    header = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        2,
        *(0, 0),  # no backing file
        CLUSTER_BITS,
        virtual_bytes,
        0,  # no encryption
        l1_entries,
        3 * CLUSTER,
        1 * CLUSTER,
        1,
        *(0, 0),  # no snapshots
    )
    refcount_table = struct.pack(">Q", 2 * CLUSTER)
    refcounts = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(CLUSTER, b"\0") for part in (header, refcount_table, refcounts, b""))
