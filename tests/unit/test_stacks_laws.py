"""What holds of every stack, whatever the spec says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from ipaddress import ip_network

import pytest

from ace.addressing import tenant_network4, tenant_network6
from ace.spec import Spec
from ace.spec.values import CloudAccess, FlavorSource, Member, MemberStatus, TenantNetwork
from tests.unit.stack_graph import QUIET, Graph, country_graph, prefixes_in, run_program, shipped_spec

pytestmark = QUIET
SPEC = shipped_spec()
STACKS = tuple(member.stack for member in SPEC.members)
NAMELESS = (
    "QuotaSetV2",
    "QuotaV2",
    "QuoteSetV3",
    "RoleAssignment",
    "RouterInterface",
    "RouterRoutesV2",
    "SecGroupRule",
    "FloatingIp",
    "FloatingIpAssociate",
    "RbacPolicyV2",
    "VolumeAttach",
)
"""Resource types that OpenStack gives no name."""
TAGGED = ("Project", "Network", "Subnet", "Router", "SecGroup", "Port", "FloatingIp", "Instance")


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    return {member.stack: country_graph(SPEC.region, member) for member in SPEC.members}


def as_sets(graph: Graph) -> set[str]:
    return {repr(resource) for resource in graph.resources}


def reordered(member: Member) -> Member:
    """The member with every list the other way round."""
    centres = tuple(
        replace(
            centre,
            gateways=centre.gateways[::-1],
            service_hosts=tuple(replace(host, runs=host.runs[::-1]) for host in centre.service_hosts[::-1]),
            hubs=centre.hubs[::-1],
            labels=centre.labels[::-1],
        )
        for centre in member.data_centres[::-1]
    )
    tenants = tuple(
        replace(tenant, networks=tenant.networks[::-1], data_classes=tenant.data_classes[::-1])
        for tenant in member.tenants[::-1]
    )
    return replace(member, data_centres=centres, tenants=tenants, services=member.services[::-1])


def with_a_second_service_host(member: Member) -> Member:
    """The member with one more host of shared services at each data centre."""
    centres = tuple(
        replace(
            centre,
            service_hosts=(*centre.service_hosts, replace(centre.service_hosts[0], name="svc2", number=2)),
        )
        for centre in member.data_centres
    )
    return replace(member, data_centres=centres)


def another_tenant(member: Member) -> Member:
    """The member with one more tenant, listed first."""
    model = member.tenants[0]
    centre = member.data_centre(model.data_centre)
    network = TenantNetwork(
        name="main",
        ipv4=tenant_network4(member.allocation, 60),
        ipv6=tenant_network6(member.allocation, centre.site, 60),
        exported=True,
    )
    return replace(member, tenants=(replace(model, name="another", slot=60, networks=(network,)), *member.tenants))


@pytest.mark.parametrize("stack", STACKS)
def test_every_openstack_resource_has_the_provider_of_its_own_data_centre(stack: str, graphs: dict[str, Graph]) -> None:
    member = SPEC.member(stack)
    clouds = {centre.id: centre.cloud.cloud for centre in member.data_centres}
    for resource in graphs[stack].openstack:
        assert resource.provider == clouds[resource.name.split(".")[0]], resource.title


@pytest.mark.parametrize("stack", STACKS)
def test_every_openstack_resource_that_can_have_a_name_has_one(stack: str, graphs: dict[str, Graph]) -> None:
    for resource in graphs[stack].openstack:
        if not resource.type.endswith(NAMELESS):
            assert resource.inputs.get("name"), resource.title


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_share_a_urn_or_a_type_and_name(stack: str, graphs: dict[str, Graph]) -> None:
    resources = graphs[stack].resources
    assert [urn for urn, count in Counter(item.urn for item in resources).items() if count > 1] == []
    assert [title for title, count in Counter(item.title for item in resources).items() if count > 1] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_of_a_cloud_share_their_openstack_name_within_a_project(
    stack: str, graphs: dict[str, Graph]
) -> None:
    names = Counter(
        (item.type, item.provider, item.inputs.get("tenantId"), item.inputs["name"])
        for item in graphs[stack].openstack
        if "name" in item.inputs
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("stack", STACKS)
def test_what_takes_tags_says_that_it_is_aces_and_the_countrys(stack: str, graphs: dict[str, Graph]) -> None:
    for resource in graphs[stack].openstack:
        if resource.type.rsplit(":", 1)[-1] in TAGGED:
            tags = resource.inputs["tags"]
            assert {"ace", f"country:{stack}"} <= set(tags), resource.title
            assert not any("/" in tag or "," in tag or len(tag) > 60 for tag in tags), resource.title


@pytest.mark.parametrize("stack", STACKS)
def test_addresses_are_the_members_its_hubs_or_the_pools(stack: str, graphs: dict[str, Graph]) -> None:
    member = SPEC.member(stack)
    hubs = [hub.allocation for centre in member.data_centres for hub in centre.hubs]
    own = [block for owner in (member.allocation, *hubs) for block in (owner.ipv4, owner.ipv6)]
    pools = {str(SPEC.region.ipv4_pool), str(SPEC.region.ipv6_pool)}
    for resource in graphs[stack].openstack:
        for prefix in prefixes_in(resource.inputs):
            network = ip_network(prefix)
            inside = any(network.version == block.version and network.subnet_of(block) for block in own)
            assert inside or prefix in pools, f"{resource.title}: {prefix}"


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_names_no_other_country(stack: str, graphs: dict[str, Graph]) -> None:
    others = [member for member in SPEC.members if member.stack != stack]
    for resource in graphs[stack].resources:
        told = repr((resource.name, resource.provider, resource.inputs))
        for other in others:
            assert f"country:{other.stack}" not in told
            for centre in other.data_centres:
                assert centre.id not in told and centre.cloud.cloud not in told, resource.title


@pytest.mark.parametrize("stack", STACKS)
def test_reordering_the_spec_changes_nothing(stack: str) -> None:
    member = with_a_second_service_host(SPEC.member(stack))
    assert as_sets(country_graph(SPEC.region, reordered(member))) == as_sets(country_graph(SPEC.region, member))


@pytest.mark.parametrize("stack", STACKS)
def test_adding_a_tenant_only_adds(stack: str, graphs: dict[str, Graph]) -> None:
    member = SPEC.member(stack)
    more = country_graph(SPEC.region, another_tenant(member))
    before = as_sets(graphs[stack])
    assert before < as_sets(more)
    name = f"{member.tenants[0].data_centre}.another"
    added = [resource for resource in more.resources if repr(resource) not in before]
    assert {resource.name == name or resource.name.startswith(f"{name}.") for resource in added} == {True}


def test_adding_a_member_changes_no_other_members_stack(graphs: dict[str, Graph]) -> None:
    smaller: Spec = replace(SPEC, members=tuple(member for member in SPEC.members if member.code != "KE"))
    assert as_sets(country_graph(smaller.region, smaller.member("tn"))) == as_sets(graphs["tn"])


@pytest.mark.parametrize("stack", STACKS)
def test_what_holds_data_is_protected_and_nothing_else(stack: str, graphs: dict[str, Graph]) -> None:
    protected = {item.type.rsplit(":", 1)[-1] for item in graphs[stack].resources if item.protect}
    unprotected = {item.type.rsplit(":", 1)[-1] for item in graphs[stack].resources if not item.protect}
    assert protected == {"Project", "Volume"}
    assert not protected & unprotected


@pytest.mark.parametrize("stack", STACKS)
def test_first_boot_data_is_secret_and_outputs_are_not(stack: str, graphs: dict[str, Graph]) -> None:
    graph = graphs[stack]
    assert {server.inputs["userData"] for server in graph.of_type(":Instance")} == {"***"}
    assert graph.secret_outputs == []
    told = repr(graph.outputs)
    assert "cloud-config" not in told and "PRIVATE KEY" not in told and "***" not in told


@pytest.mark.parametrize("stack", STACKS)
def test_what_must_be_deleted_first_depends_on_what_it_would_block(stack: str, graphs: dict[str, Graph]) -> None:
    graph = graphs[stack]
    for association in graph.of_type(":FloatingIpAssociate"):
        assert any(item.startswith("RouterInterface ") for item in association.depends_on), association.title
    for server in graph.of_type(":Instance"):
        assert any(item.startswith("RouterInterface ") for item in server.depends_on), server.title
    for routes in graph.of_type(":RouterRoutesV2"):
        router = routes.name.removesuffix(".members")
        assert f"RouterInterface {router}.transit" in routes.depends_on, routes.title
    for port in graph.of_type(":Port"):
        if port.inputs.get("tenantId"):
            tenant = port.name.removesuffix(".router.transit")
            assert f"RbacPolicyV2 {tenant}.share.transit" in port.depends_on, port.title
    for rule in graph.of_type(":SecGroupRule"):
        if "remoteAddressGroupId" in rule.inputs and rule.inputs.get("tenantId"):
            tenant = rule.name.split(".exported.")[0]
            assert f"RbacPolicyV2 {tenant}.share.members" in rule.depends_on, rule.title


def by_a_domain_manager(member: Member) -> Member:
    """The member with clouds that give ACE no more than a domain."""
    centres = tuple(
        replace(
            centre,
            cloud=replace(centre.cloud, access=CloudAccess.DOMAIN_MANAGER, flavors=FlavorSource.EXISTING),
        )
        for centre in member.data_centres
    )
    return replace(member, data_centres=centres)


def test_a_domains_manager_makes_nothing_that_only_an_administrator_may() -> None:
    graph = country_graph(SPEC.region, by_a_domain_manager(SPEC.member("tn")))
    for tail in (":Flavor", ":QuotaSetV2", ":QuotaV2", ":QuoteSetV3"):
        assert graph.of_type(tail) == []
    assert [item.title for item in graph.openstack if "tenantId" in item.inputs] == []
    assert {provider for token, provider in graph.invokes if token.endswith("getFlavor")} == {"tn-tunis-1"}


def test_a_domains_manager_handles_projects_and_groups_with_the_credential_of_the_domain() -> None:
    graph = country_graph(SPEC.region, by_a_domain_manager(SPEC.member("tn")))
    identity = {item.provider for item in graph.openstack if item.type.startswith("openstack:identity/")}
    others = {item.provider for item in graph.openstack if not item.type.startswith("openstack:identity/")}
    assert (identity, others) == ({"tn-tunis-1-domain"}, {"tn-tunis-1"})
    made = graph.of_type(":Project") + graph.of_type(":GroupV3")
    assert {item.inputs.get("domainId") for item in made} == {"<domain>"}


def test_a_domains_manager_shares_every_network_and_group_with_the_tenants_project() -> None:
    member = SPEC.member("tn")
    graph = country_graph(SPEC.region, by_a_domain_manager(member))
    shared = Counter(
        (item.inputs["objectType"], item.inputs["targetTenant"]) for item in graph.of_type(":RbacPolicyV2")
    )
    for tenant in member.tenants:
        project = f"<Project {tenant.data_centre}.{tenant.name}.project>"
        assert shared["network", project] == len(tenant.networks)
        exported = any(network.exported for network in tenant.networks)
        assert shared["security_group", project] == 1 + exported


def test_the_program_leaves_nothing_behind_for_the_next_one() -> None:
    first = run_program("aa", lambda: {"value": 1})
    assert (first.resources, first.outputs) == ([], {"value": 1})


def test_a_suspended_members_stack_differs_in_its_quotas_alone_which_are_nothing(graphs: dict[str, Graph]) -> None:
    suspended = country_graph(SPEC.region, replace(SPEC.member("UG"), status=MemberStatus.SUSPENDED))
    before, now = ({one.urn: one for one in graph.resources} for graph in (graphs["ug"], suspended))
    assert now.keys() == before.keys()
    changed = [urn for urn in now if now[urn] != before[urn]]
    assert {now[urn].type.rsplit(":", 1)[-1] for urn in changed} == {"QuotaSetV2", "QuotaV2", "QuoteSetV3"}
    for urn in changed:
        own = {key: value for key, value in now[urn].inputs.items() if value != before[urn].inputs[key]}
        assert set(own.values()) == {0}
        assert now[urn].inputs.keys() - own.keys() == {"projectId"}
