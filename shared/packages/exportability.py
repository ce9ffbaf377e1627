"""Where models can be exported to by now: what settings allow and what is installed, whenever they were trained."""

from msgspec.structs import replace

from shared.models.training.iterations import Iteration, IterationStatus
from shared.models.workspace.domains import DOMAINS, Domain
from shared.packages.platforms import offered
from shared.settings import Settings


def exportable(settings: Settings, domain: Domain) -> bool:
    return domain.compact or not settings.export_compact_only


def domain_with_exports(settings: Settings, domain: Domain) -> Domain:
    flavors = offered() if exportable(settings, domain) else {}
    return replace(domain, exportable=bool(flavors), exportable_platforms=list(flavors), exportable_flavors=flavors)


def iteration_with_exports(settings: Settings, iteration: Iteration) -> Iteration:
    domain = domain_with_exports(settings, DOMAINS[iteration.domain_id])
    platforms = domain.exportable_platforms if iteration.status == IterationStatus.COMPLETED else []
    told = None if iteration.exportable_to is None else platforms
    return replace(iteration, exportable=domain.exportable, exportable_to=told)
