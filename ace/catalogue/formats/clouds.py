"""A `clouds.yaml` for those who use a member's cloud (openstacksdk's format), without any secret.

Each entry has what may be public: the region's name and how to log in. Address and credential come from the country's
operator and belong into `secure.yaml` beside it, which openstacksdk merges.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from ace.catalogue.values import Catalogue, Status

_HEAD = """\
# OpenStack clouds of {name}, as of {as_of}. No secrets: put what your country's operator gave you into secure.yaml:
#
#   clouds:
#     {example}:
#       auth: {{auth_url: ..., application_credential_id: ..., application_credential_secret: ...}}
#
# Then: openstack --os-cloud {example} token issue
"""


class CloudsYaml:
    """One entry a data centre, named as the spec names its cloud."""

    title = "clouds.yaml (OpenStack)"
    main = "clouds.yaml"
    media_type = "application/yaml"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        example = catalogue.data_centres[0].cloud if catalogue.data_centres else "tn-tunis-1"
        parts = [_HEAD.format(name=catalogue.name, as_of=catalogue.as_of, example=example)]
        entries = sorted(catalogue.data_centres, key=lambda centre: centre.cloud)
        for centre in entries:
            body = {
                centre.cloud: {
                    "region_name": centre.region,
                    "auth_type": "v3applicationcredential",
                    "identity_api_version": 3,
                    "interface": "public",
                    "verify": True,
                }
            }
            text = yaml.safe_dump(body, sort_keys=False, allow_unicode=True)
            note = "" if centre.status is Status.VERIFIED else "  # declared, not verified\n"
            parts.append(note + "".join(f"  {line}\n" for line in text.splitlines()))
        parts.insert(1, "clouds:\n" if entries else "clouds: {}\n")
        return {self.main: "".join(parts)}
