"""A project of very many images costs the browser and the service no more than what is in sight."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import expect

from tests.portal.models import many

SIZE, PAGE, TAGS = 1_500, 256, 20
# What is in sight, with two rows around it, is less.
PICTURES = 80
# Elements of the whole page.
NODES = 600
MOVES = 40
LIST = "/images?"
MOVE = """(part) => {
    const grid = document.querySelector(".grid");
    grid.scrollTop = part * grid.scrollHeight;
    return [document.getElementsByTagName("*").length, grid.getElementsByTagName("img").length];
}"""


@pytest.fixture
def large(training, storage):
    """Each image with three tags."""
    project = training.create_project(f"large {uuid4()}", classification_type="Multilabel")
    tags = [UUID(training.create_tag(project.id, f"tag {number}").id) for number in range(TAGS)]
    many(storage, project, [[tags[(number + by) % TAGS] for by in range(3)] for number in range(SIZE)], PICTURES)
    return project


def test_many_images_cost_what_is_in_sight(portal, large):
    page, asked, shown = portal.page, [], []

    def hear(request) -> None:
        if request.resource_type == "image":
            shown.append(request.url)
        elif LIST in request.url:
            asked.append(int(parse_qs(urlsplit(request.url).query).get("skip", ["0"])[0]) // PAGE)

    page.clock.install()
    page.on("request", hear)
    portal.images(large.id, SIZE)
    assert asked == [0]
    # The hand pulls the bar through all of it: what flies by is neither asked for nor drawn.
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    most = 0
    for step in range(1, MOVES + 1):
        nodes, pictures = page.evaluate(MOVE, step / MOVES)
        most = max(most, nodes)
    assert pictures == 0
    assert asked == [0]
    page.clock.resume()
    expect(portal.cell(SIZE)).to_have_accessible_name("image, tag 0, tag 1, tag 2")
    expect(portal.cell(SIZE).locator("img")).to_be_visible()
    expect(portal.grid.locator(".vacant")).to_have_count(0)
    assert set(asked) <= {0, SIZE // PAGE - 1, SIZE // PAGE}
    assert len(asked) <= 3
    assert len(shown) <= 2 * PICTURES
    assert max(most, page.evaluate("document.getElementsByTagName('*').length")) <= NODES
