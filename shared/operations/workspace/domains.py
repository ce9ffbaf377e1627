"""Domains: what kind of model a project trains."""

from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.models.workspace.domains import DOMAINS, Domain
from shared.packages.platforms import offered
from shared.settings import Settings


def get_domains(settings: Settings) -> list[Domain]:
    return [_shown(settings, domain) for domain in DOMAINS.values()]


def get_domain(settings: Settings, domain_id: UUID) -> Domain:
    if domain_id not in DOMAINS:
        raise errors.DomainNotFound(f"There is no domain {domain_id}; get_domains lists them.")
    return _shown(settings, DOMAINS[domain_id])


def exportable(settings: Settings, domain: Domain) -> bool:
    return domain.compact or not settings.export_compact_only


def _shown(settings: Settings, domain: Domain) -> Domain:
    flavors = offered() if exportable(settings, domain) else {}
    return replace(domain, exportable=bool(flavors), exportable_platforms=list(flavors), exportable_flavors=flavors)
