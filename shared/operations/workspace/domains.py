"""Domains: what kind of model a project trains."""

from uuid import UUID

from shared import errors
from shared.models.workspace.domains import DOMAINS, Domain
from shared.packages.exportability import domain_with_exports
from shared.settings import Settings


def get_domains(settings: Settings) -> list[Domain]:
    return [domain_with_exports(settings, domain) for domain in DOMAINS.values()]


def get_domain(settings: Settings, domain_id: UUID) -> Domain:
    if domain_id not in DOMAINS:
        raise errors.DomainNotFound(f"There is no domain {domain_id}; get_domains lists them.")
    return domain_with_exports(settings, DOMAINS[domain_id])
