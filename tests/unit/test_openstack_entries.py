"""How an entry of clouds.yaml becomes a way to get a token: in one request where the entry says all that v3 needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ace.engine.contract import CloudError
from ace.openstack.cloud import Cloud

V3 = {
    "auth_url": "https://cloud.example/identity/v3",
    "username": "ace",
    "password": "made-for-a-test",
    "project_name": "ace",
    "user_domain_name": "Default",
    "project_domain_name": "Default",
}
GENERIC, PLAIN = "keystoneauth1.identity.generic.password", "keystoneauth1.identity.v3.password"


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in {**V3, **more}.items() if name not in names}


@pytest.mark.parametrize(
    ("entry", "module"),
    [
        ({"auth": V3}, PLAIN),
        ({"auth": {**V3, "auth_url": "https://cloud.example:5000/v3/"}}, PLAIN),
        ({"auth": without("username", "user_domain_name", user_id="8f")}, PLAIN),
        ({"auth": without("project_name", "project_domain_name", system_scope="all")}, PLAIN),
        ({"auth": {**V3, "auth_url": "https://cloud.example/identity"}}, GENERIC),
        ({"auth": without("user_domain_name", "project_domain_name", default_domain_id="default")}, GENERIC),
        ({"auth": without("user_domain_name")}, GENERIC),
    ],
)
def test_only_an_entry_that_is_not_plainly_v3_is_asked_for_its_versions(
    tmp_path: Path, entry: dict[str, Any], module: str
) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": {"it": entry}}))
    cloud = Cloud({"cloud": "it"}, {"OS_CLIENT_CONFIG_FILE": str(file)})
    assert type(cloud.connection.session.auth).__module__ == module


def test_an_application_credential_stays_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    credential = {
        "auth_url": V3["auth_url"],
        "application_credential_id": "8f",
        "application_credential_secret": "made-for-a-test",
    }
    entry = {"auth_type": "v3applicationcredential", "auth": credential}
    file.write_text(yaml.safe_dump({"clouds": {"it": entry}}))
    cloud = Cloud({"cloud": "it"}, {"OS_CLIENT_CONFIG_FILE": str(file)})
    assert type(cloud.connection.session.auth).__name__ == "ApplicationCredential"


def test_an_entry_without_a_password_is_an_error_that_says_so(tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": {"it": {"auth": {"auth_url": "http://127.0.0.1:9/v3"}}}}))
    with pytest.raises(CloudError, match=r"it: its entry in clouds\.yaml is not complete: password is"):
        Cloud({"cloud": "it"}, {"OS_CLIENT_CONFIG_FILE": str(file)}).identity()
