"""The exports against the shapes and schemas that their standards publish (requirements/shapes.in)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema
import pytest
import yaml
from pyshacl import validate
from rdflib import RDF, Graph, URIRef

from ace.catalogue.formats.gaia_x import NAMESPACE
from ace.catalogue.formats.registry import FORMATS

from .catalogue_facts import a_catalogue, shipped, with_texts
from .catalogue_shapes import backstage_schema, dcat_ap_shapes, gaia_x_shapes

pytestmark = [pytest.mark.shapes, pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")]
DCAT = "http://www.w3.org/ns/dcat#"
HOSTILE = "\"><script>alert(1)</script> {{x}} \u202eabc \\ ' # : - | `"


def export(name: str, text: str | None = None) -> Mapping[str, str]:
    spec = shipped() if text is None else with_texts(text)
    return FORMATS[name].files(a_catalogue(spec, verified=("TN", "EG")))


def graph_of(document: str) -> Graph:
    return Graph().parse(data=document, format="json-ld")


def problems(graph: Graph, shapes: Graph) -> str:
    conforms, _, text = validate(graph, shacl_graph=shapes, inference="none", allow_warnings=True)
    return "" if conforms else str(text)


@pytest.mark.parametrize("text", [None, HOSTILE], ids=["shipped", "hostile"])
def test_the_dcat_ap_export_conforms_to_the_published_shapes(text: str | None) -> None:
    graph = graph_of(export("dcat-ap", text)["dcat-ap.jsonld"])
    assert problems(graph, dcat_ap_shapes()) == ""
    assert len(set(graph.subjects(RDF.type, URIRef(f"{DCAT}DataService")))) == 8


def test_the_dcat_ap_shapes_do_find_a_service_without_endpoint() -> None:
    document = json.loads(export("dcat-ap")["dcat-ap.jsonld"])
    for node in document["@graph"]:
        node.pop("dcat:endpointURL", None)
    assert "endpointURL" in problems(graph_of(json.dumps(document)), dcat_ap_shapes())


@lru_cache
def gaia_x() -> Graph:
    document = json.loads(export("gaia-x")["gaia-x.jsonld"])
    return gaia_x_shapes(classes_of(document))


def classes_of(document: Any) -> set[str]:
    if isinstance(document, list):
        return set().union(*(classes_of(each) for each in document))
    if not isinstance(document, dict):
        return set()
    own = document.get("@type", [])
    names = {name.removeprefix("gx:") for name in ([own] if isinstance(own, str) else own) if name.startswith("gx:")}
    return names | classes_of([value for key, value in document.items() if key != "@context"])


@pytest.mark.parametrize("text", [None, HOSTILE], ids=["shipped", "hostile"])
def test_the_gaia_x_export_conforms_to_the_published_shapes(text: str | None) -> None:
    graph = graph_of(export("gaia-x", text)["gaia-x.jsonld"])
    assert problems(graph, gaia_x()) == ""
    for name, count in {"LegalPerson": 12, "Datacenter": 12, "ServiceOffering": 33}.items():
        assert len(set(graph.subjects(RDF.type, URIRef(NAMESPACE + name)))) == count


def test_the_gaia_x_shapes_do_find_a_provider_without_address() -> None:
    document = json.loads(export("gaia-x")["gaia-x.jsonld"])
    del document["@graph"][0]["gx:headquartersAddress"]
    assert "headquartersAddress" in problems(graph_of(json.dumps(document)), gaia_x())


def test_the_gaia_x_shapes_do_find_an_address_that_is_no_literal() -> None:
    document = json.loads(export("gaia-x")["gaia-x.jsonld"])
    terms = next(node for node in document["@graph"] if node["@type"] == "gx:ServiceOffering")
    terms = terms["gx:serviceOfferingTermsAndConditions"]
    for each in terms if isinstance(terms, list) else [terms]:
        each["gx:url"] = {"@id": each["gx:url"]["@value"]}
    assert "xsd:anyURI" in problems(graph_of(json.dumps(document)), gaia_x())


def test_the_terms_that_gaia_x_points_to_are_there_and_have_the_digest_that_it_says() -> None:
    files = export("gaia-x")
    base = "https://catalogue.ace.example/exports/"
    pointed = [
        node["gx:serviceOfferingTermsAndConditions"]
        for node in json.loads(files["gaia-x.jsonld"])["@graph"]
        if "gx:serviceOfferingTermsAndConditions" in node
    ]
    assert len(pointed) == 37
    for terms in pointed:
        text = files[terms["gx:url"]["@value"].removeprefix(base)]
        assert hashlib.sha256(text.encode()).hexdigest() == terms["gx:hash"]


@pytest.mark.parametrize("text", [None, HOSTILE], ids=["shipped", "hostile"])
def test_the_backstage_export_fits_the_published_schema(text: str | None) -> None:
    entities = list(yaml.safe_load_all(export("backstage", text)["catalog-info.yaml"]))
    validator = jsonschema.validators.validator_for(backstage_schema())(backstage_schema())
    for entity in entities:
        assert [error.message for error in validator.iter_errors(entity)] == [], entity["metadata"]["name"]
    kinds = [entity["kind"] for entity in entities]
    assert (kinds.count("Domain"), kinds.count("Component"), kinds.count("API")) == (10, 33, 8)


def test_every_reference_between_backstage_entities_leads_to_one_of_them() -> None:
    entities = list(yaml.safe_load_all(export("backstage")["catalog-info.yaml"]))
    names = {(entity["kind"].lower(), entity["metadata"]["name"]) for entity in entities}
    assert len(names) == len(entities)
    for entity in entities:
        spec = entity["spec"]
        for key in ("owner", "parent"):
            if key in spec:
                assert tuple(spec[key].split(":")) in names
        if "system" in spec:
            assert ("system", spec["system"]) in names
        if "domain" in spec:
            assert ("domain", spec["domain"]) in names
        for api in spec.get("providesApis", []):
            assert ("api", api) in names


IXF_OURS: dict[str, Any] = {
    # Ours: what the IX-F member export 1.0 requires (github.com/euro-ix/json-schemas), written down from its text.
    "type": "object",
    "required": ["version", "timestamp", "ixp_list", "member_list"],
    "properties": {
        "version": {"const": "1.0"},
        "timestamp": {"type": "string", "format": "date-time"},
        "ixp_list": {
            "type": "array",
            "items": {
                "required": ["ixf_id", "ixp_id", "shortname"],
                "properties": {"ixf_id": {"type": "integer"}, "ixp_id": {"type": "integer"}},
            },
        },
        "member_list": {
            "type": "array",
            "items": {
                "required": ["asnum", "connection_list"],
                "properties": {
                    "asnum": {"type": "integer"},
                    "member_type": {"enum": ["peering", "ixp", "other"]},
                    "member_since": {"type": "string", "format": "date-time"},
                    "contact_email": {"type": "array", "items": {"format": "email"}},
                    "connection_list": {"items": {"required": ["ixp_id"]}},
                },
            },
        },
    },
}


def test_the_ixf_export_has_what_the_standard_asks_and_its_ids_agree() -> None:
    document = json.loads(export("ixf")["ixf-member-export.json"])
    jsonschema.validate(document, IXF_OURS, format_checker=jsonschema.FormatChecker())
    exchanges = {exchange["ixp_id"] for exchange in document["ixp_list"]}
    assert exchanges == {901, 902, 903, 904}
    tunis = next(member for member in document["member_list"] if member["asnum"] == 4_200_078_800)
    connections = tunis["connection_list"]
    assert {connection["ixp_id"] for connection in connections} <= exchanges
    assert len(connections) == 2
    addresses = [connection["vlan_list"][0]["ipv4"]["address"] for connection in connections]
    assert addresses == ["10.113.64.1", "10.113.64.2"]


def test_openstacksdk_reads_the_consumers_clouds_and_finds_no_secret(tmp_path: Any) -> None:
    from openstack.config.loader import OpenStackConfig

    text = export("clouds")["clouds.yaml"]
    path = tmp_path / "clouds.yaml"
    path.write_text(text)
    entries = OpenStackConfig(config_files=[str(path)], secure_files=[], vendor_files=[]).get_cloud_names()
    assert "tn-tunis-1" in entries and len(entries) == 12
    for word in ("password", "auth_url:", "secret:", "token:"):
        assert word not in "".join(line for line in text.splitlines() if not line.startswith("#"))
