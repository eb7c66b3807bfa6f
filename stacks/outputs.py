"""What a country's stack exports: `ace.spec.outputs`, with what the cloud assigns as outputs of Pulumi."""

from __future__ import annotations

from typing import TypeAlias

import pulumi

from ace.spec import outputs as schema

Pending = pulumi.Output[str]
Reach: TypeAlias = schema.Reach[Pending]
Host: TypeAlias = schema.Host[Pending]
TransitRouter: TypeAlias = schema.TransitRouter[Pending]
TenantFacts: TypeAlias = schema.TenantFacts[Pending]
DataCentreFacts: TypeAlias = schema.DataCentreFacts[Pending]
Inventory: TypeAlias = schema.Inventory[Pending]
GatewayOutput: TypeAlias = schema.GatewayOutput[Pending]
DataCentreOutput: TypeAlias = schema.DataCentreOutput[Pending]
HubOutput: TypeAlias = schema.HubOutput[Pending]
PublicationOutput: TypeAlias = schema.PublicationOutput[Pending]
