"""Runs on a gateway or hub, sent there over SSH: reports what FRR, WireGuard and ping see, as one JSON object.

Standard library only, and nothing is changed. Its argument is a JSON object: `source4`, `source6`, `targets` (addresses
to ping, each from the source of its family), `mtu` (bytes that a packet to an IPv4 target must be able to have).
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
LEAKS = 20_000
"""So many refused prefixes of a neighbour are reported at most."""


def vtysh(command: str) -> Any:
    """A `show ... json` of FRR; ends the probe with a message if FRR does not answer, since no answer is not "none"."""
    try:
        done = subprocess.run(
            ["vtysh", "-c", command], capture_output=True, text=True, timeout=30, env=PATH, check=False
        )
        reply = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        sys.exit(f"FRR does not answer `{command}`: {error}"[:200])
    if reply is None:
        sys.exit(f"FRR does not answer `{command}`: {(done.stderr or done.stdout).strip()}"[:200])
    return reply


def sessions() -> dict[str, Any]:
    """BGP neighbours: state, uptime, and by family how many prefixes were accepted and which were refused."""
    neighbours = vtysh("show bgp neighbors json")
    found: dict[str, Any] = {}
    for address, reply in neighbours.items():
        if not isinstance(reply, dict) or "bgpState" not in reply:
            continue
        families = reply.get("addressFamilyInfo", {})
        found[address] = {
            "state": reply["bgpState"],
            "uptime_s": int(reply.get("bgpTimerUpMsec", 0)) // 1000,
            "why": reply.get("lastResetDueTo", "") or reply.get("lastNotificationReason", ""),
            "accepted": {
                family.removesuffix("Unicast"): info.get("acceptedPrefixCounter", 0)
                for family, info in families.items()
            },
            "refused": refused(address) if reply["bgpState"] == "Established" else [],
            "overflow": reply["bgpState"] != "Established"
            and "Maximum Number of Prefixes" in str(reply.get("lastNotificationReason", "")),
        }
    return found


def refused(address: str) -> list[str]:
    """Prefixes that the neighbour sends and that are not accepted."""
    found: list[str] = []
    for family in ("ipv4", "ipv6"):
        for kind in ("filtered-routes",):
            reply = vtysh(f"show bgp {family} unicast neighbors {address} {kind} json")
            found += list((reply.get("receivedRoutes") or reply.get("filteredRoutes") or {}).keys())
    return sorted(found)[:LEAKS]


def routes() -> dict[str, Any]:
    """The best path of each prefix: the AS path, and by which neighbour it came."""
    found: dict[str, Any] = {}
    for family in ("ipv4", "ipv6"):
        for prefix, paths in (vtysh(f"show bgp {family} unicast json").get("routes") or {}).items():
            best = next((path for path in paths if path.get("bestpath")), None)
            if best is not None:
                found[prefix] = {"path": best.get("path", ""), "from": best.get("peerId", "")}
    return found


def bfd() -> dict[str, str]:
    """BFD peers and their state."""
    reply = vtysh("show bfd peers json")
    return (
        {peer["peer"]: peer.get("status", "") for peer in reply if isinstance(peer, dict)}
        if isinstance(reply, list)
        else {}
    )


def ping(target: str, source: str, size: int = 0) -> dict[str, Any]:
    """Three packets: how many came back, how long the quickest took."""
    big = ["-M", "do", "-s", str(size)] if size else []
    command = ["ping", "-n", "-q", "-c", "3", "-i", "0.2", "-W", "2", "-I", source, *big, target]
    try:  # without a reply its exit status is 1
        out = subprocess.run(command, capture_output=True, text=True, timeout=30, env=PATH, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        out = ""
    back = re.search(r"(\d+) received", out)
    took = re.search(r"= ([\d.]+)/", out)
    return {"received": int(back.group(1)) if back else 0, "ms": float(took.group(1)) if took else None}


def main() -> None:
    """Print what there is."""
    asked = json.loads(sys.argv[1])
    sources = {4: asked["source4"], 6: asked["source6"]}
    jobs = [(target, sources[6 if ":" in target else 4], 0) for target in asked["targets"]]
    jobs += [
        (target, sources[4], asked["mtu"] - 28) for target in asked["targets"] if ":" not in target and asked["mtu"]
    ]
    with ThreadPoolExecutor(8) as pool:
        pings = list(pool.map(lambda job: ping(*job), jobs))
    drained = subprocess.run(["test", "-e", "/run/ace/drain"], check=False).returncode == 0
    print(
        json.dumps(
            {
                "sessions": sessions(),
                "bfd": bfd(),
                "routes": routes(),
                "pings": {job[0]: reply for job, reply in zip(jobs, pings, strict=True) if not job[2]},
                "big": {job[0]: reply["received"] > 0 for job, reply in zip(jobs, pings, strict=True) if job[2]},
                "drained": drained,
            }
        )
    )


if __name__ == "__main__":
    main()
