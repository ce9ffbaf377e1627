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
    platforms = [each for each in domain.exportable_platforms if each not in (iteration.not_exportable_to or [])]
    done = iteration.status == IterationStatus.COMPLETED
    told = None if iteration.exportable_to is None else platforms if done else []
    return replace(iteration, exportable=bool(platforms), exportable_to=told)
