"""Domains: what kind of model a project trains."""

from uuid import UUID

from shared import errors
from shared.models.workspace.domains import DOMAINS, Domain


def get_domains() -> list[Domain]:
    return list(DOMAINS.values())


def get_domain(domain_id: UUID) -> Domain:
    if domain_id not in DOMAINS:
        raise errors.DomainNotFound(f"There is no domain {domain_id}; get_domains lists them.")
    return DOMAINS[domain_id]
