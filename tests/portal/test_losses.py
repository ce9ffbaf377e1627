"""No label is lost, however often the tab, the network or the service is killed while somebody labels.

KILLS and SEED in the environment ask for more than a few kills, and for others: `KILLS=500 SEED=3`.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from random import Random

import pytest
from playwright.sync_api import Error, Page, Route

from local.service import Service
from tests.functions.flows import DETECTION
from tests.portal.labellers import TAGS, Drawer, Tagger
from tests.portal.models import tagged
from tests.portal.uploads import add, plain

KILLS, SEED = int(os.environ.get("KILLS", "5")), int(os.environ.get("SEED", "1"))
# So often it is looked whether all is there.
LOOKS = 20
WRITES = re.compile(r"/images(/|\?|$)")
# What is under way when something is killed.
PAUSE_MS = 250

Kill = Callable[[Page, Service], AbstractContextManager[None]]


@contextmanager
def tab(page: Page, service: Service) -> Iterator[None]:
    """All that the page has in memory goes; whoever comes next loads it anew."""
    page.goto("about:blank")
    yield


@contextmanager
def network(page: Page, service: Service) -> Iterator[None]:
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


@contextmanager
def answers(page: Page, service: Service) -> Iterator[None]:
    """The service does what it is asked for, and nobody hears of it."""

    def lose(route: Route) -> None:
        if route.request.method == "GET":
            route.fallback()
            return
        with suppress(Error):
            route.fetch()
        route.abort()

    page.route(WRITES, lose)
    yield
    page.unroute_all(behavior="wait")


@contextmanager
def host(page: Page, service: Service) -> Iterator[None]:
    service.kill_host()
    try:
        yield
    finally:
        service.start_host()


@contextmanager
def storage(page: Page, service: Service) -> Iterator[None]:
    service.kill_azurite()
    try:
        yield
    finally:
        service.start_azurite()


def kills(random: Random) -> Iterator[Kill]:
    """Each of them once, and then by chance: the quick ones more often."""
    kinds: dict[Kill, int] = {tab: 7, network: 4, answers: 5, host: 2, storage: 2}
    yield from random.sample(list(kinds), len(kinds))
    while True:
        yield random.choices(list(kinds), list(kinds.values()))[0]


@pytest.fixture
def labellers(portal, training, service):
    random = Random(SEED)
    made = []
    for name, kind in (("tags", {"classification_type": "Multilabel"}), ("boxes", {"domain_id": DETECTION})):
        made.append(training.create_project(f"losses of {name}", **kind))
        tagged(training, made[-1], TAGS)
    add(service, made[0].id, {f"{n}.jpg": plain("red", n) for n in range(24)})
    add(service, made[1].id, {f"{n}.jpg": plain("white", n, (640, 320)) for n in range(4)})
    return random, [kind(portal, training, each.id, random) for kind, each in zip((Tagger, Drawer), made, strict=True)]


def test_no_label_is_lost(portal, service, labellers):
    random, people = labellers
    page = portal.page
    page.on("dialog", lambda dialog: dialog.accept())
    person = people[0]
    person.open()
    for number, kill in enumerate(islice(kills(random), KILLS), start=1):
        for _ in range(random.randint(1, 4)):
            person.act()
        page.wait_for_timeout(random.uniform(0, PAUSE_MS))
        with kill(page, service):
            if kill is tab:
                person = random.choice(people)
                person.open()
            for _ in range(random.randint(0, 3)):
                person.act(calm=False)
            page.wait_for_timeout(random.uniform(0, PAUSE_MS))
        if number % LOOKS == 0:
            look(portal, people, person)
            person = people[-1]
    look(portal, people, person)


def look(portal, people, person) -> None:
    """What is left waiting goes on its way, and then all agree: before the page is loaded anew, and after it."""
    portal.page.evaluate("dispatchEvent(new Event('online'))")
    portal.saved()
    person.check()
    for each in people:
        each.open()
        each.check()
