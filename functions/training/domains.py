"""Domains of the training API."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.access.roles import READERS
from shared.models.workspace.domains import Domain
from shared.operations.workspace import domains


@training("GET", "domains", READERS)
def get_domains(call: Call) -> list[Domain]:
    return domains.get_domains(call.runtime.settings)


@training("GET", "domains/{domain_id}", READERS)
def get_domain(call: Call, domain_id: UUID) -> Domain:
    return domains.get_domain(call.runtime.settings, domain_id)
