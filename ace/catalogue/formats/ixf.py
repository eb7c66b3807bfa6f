"""The IX-F member export, version 1.0 (github.com/euro-ix/json-schemas): who is connected where, on which AS number.

Each hub of the region is an exchange, numbered by its slot; each data centre a member at the hubs that its gateways are
connected to. `ixf_id` 0: the hubs are not in the IX-F database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ace.catalogue.values import Catalogue, Interconnection, Kind, Status


class IxfExport:
    """One JSON document."""

    title = "IX-F member export 1.0"
    main = "ixf-member-export.json"
    media_type = "application/json"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        hubs = {meeting.hub: meeting for meeting in catalogue.interconnections if meeting.hub}
        members = [meeting for meeting in catalogue.interconnections if meeting.hub is None]
        document = {
            "version": "1.0",
            "timestamp": f"{catalogue.as_of.isoformat()}T00:00:00Z",
            "ixp_list": [_exchange(catalogue, hub) for hub in hubs.values()],
            "member_list": [_member(catalogue, meeting, hubs) for meeting in members],
        }
        return {self.main: json.dumps(document, indent=1, ensure_ascii=False) + "\n"}


def _exchange(catalogue: Catalogue, hub: Interconnection) -> dict[str, Any]:
    centre = next(each for each in catalogue.data_centres if each.slug == hub.data_centre)
    return {
        "ixp_id": hub.slot,
        "ixf_id": 0,
        "shortname": f"{catalogue.organisation} {hub.hub}",
        "name": f"{catalogue.name}: hub {hub.hub}",
        "country": hub.country.upper(),
        "url": catalogue.address(Kind.INTERCONNECTION, hub.slug),
        "switch": [
            {
                "id": hub.slot,
                "name": f"hub-{hub.hub}",
                "colo": centre.id,
                "city": centre.city,
                "country": hub.country.upper(),
            }
        ],
        "vlan": [{"id": 0, "name": "tunnels"}],
    }


def _member(catalogue: Catalogue, meeting: Interconnection, hubs: Mapping[str, Interconnection]) -> dict[str, Any]:
    country = next(each for each in catalogue.countries if each.slug == meeting.country)
    return {
        "asnum": meeting.asn,
        "member_type": "peering",
        "name": f"{country.name.en}: {meeting.data_centre}",
        "url": catalogue.address(Kind.DATA_CENTRE, meeting.data_centre),
        "member_since": f"{country.since.isoformat()}T00:00:00Z",
        **({"contact_email": [country.technical.email]} if country.technical.email else {}),
        "connection_list": [
            {
                "ixp_id": hubs[home.hub].slot,
                "state": "active" if meeting.status is Status.VERIFIED else "declared",
                "if_list": [{"switch_id": hubs[home.hub].slot}],
                "vlan_list": [
                    {
                        "vlan_id": 0,
                        "ipv4": {"address": home.loopback4, "routeserver": False},
                        "ipv6": {"address": home.loopback6, "routeserver": False},
                    }
                ],
            }
            for home in meeting.homes
        ],
    }
