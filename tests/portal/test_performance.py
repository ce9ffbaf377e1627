"""How good an iteration is: sliders, curve, matrix, the images of a cell put right; publishing, renaming, deleting."""

import json
import re
from uuid import UUID, uuid4

from msgspec.structs import replace
from playwright.sync_api import expect

from shared.models.training.exports import ExportRecord, ExportStatus
from shared.models.training.iterations import IterationStatus
from shared.models.training.model_spec import ModelTag
from shared.storage.training import exports, iterations
from tests.functions.flows import DETECTION
from tests.functions.ocellus.judging import judged, judged_boxes, put_judged


def look_at(portal, project, iteration, search=""):
    portal.open(project, f"performance/{iteration}", search)
    expect(portal.figure("Precision")).to_be_visible(timeout=20_000)
    expect(portal.page.get_by_role("region", name="What was taken for what")).to_have_attribute("aria-busy", "false")


def cell(portal, truth, said):
    return portal.page.get_by_role("button", name=re.compile(f"^{truth} taken for {said}:"))


def tiles(portal):
    return portal.page.get_by_role("listbox", name="Judged images").get_by_role("option")


def slide(portal, name, times, key="ArrowRight"):
    portal.page.get_by_role("slider", name=name).focus()
    portal.press(*[key] * times)


def test_nothing_of_it_keeps_anybody_out(portal, fruit, storage):
    def doubted(record):
        told = {"right_at_least": 0.51, "right_at_most": 0.83, "not_exportable_to": ["TensorFlow"]}
        return replace(record, iteration=replace(record.iteration, **told))

    iterations.update(storage, UUID(fruit.id), UUID(fruit.first), doubted)
    look_at(portal, fruit.id, fruit.first, f"?truth={fruit.tags[0].id}&said={fruit.tags[1].id}&tag={fruit.tags[0].id}")
    expect(tiles(portal)).to_have_count(2)
    expect(portal.page.get_by_text(re.compile("at least 51 % of images.* it is 83 %"))).to_be_visible()
    assert portal.barriers("performance") == []
    for platform, status in (("ONNX", "Exporting"), ("CoreML", "Done"), ("OpenVino", "Failed")):
        record = ExportRecord(uuid4(), UUID(fruit.id), UUID(fruit.first), platform, None, ExportStatus(status))
        exports.start(storage, record)
    for name, shown in (("Publish", "Publish First"), ("Export", "Packing …")):
        portal.button(name).click()
        expect(portal.page.get_by_role("dialog").get_by_text(shown)).to_be_visible()
        # There, a model that TensorFlow can't take goes into programs and containers, and into no web page.
        expect(portal.page.get_by_role("region", name="Browser")).to_have_count(0)
        assert portal.barriers(name.lower()) == []
        # It begins with what one may do there, though that is read later.
        expect(portal.page.get_by_role("dialog").locator(":is(input, li button, li a):focus")).to_have_count(1)
        portal.press("Escape")
        expect(portal.button(name)).to_be_focused()
    publish(portal, "gate")
    portal.button("Prediction URL").first.click()
    portal.page.get_by_role("dialog").wait_for()
    assert portal.barriers("address") == []
    portal.open(fruit.id, "train")
    expect(portal.page.get_by_text("apple needs 1 more")).to_be_visible()
    assert portal.barriers("train") == []


def test_a_project_that_was_never_trained_says_where_to_begin(portal, project):
    portal.open(project.id, "performance")
    expect(portal.page.get_by_role("heading", name="No iteration is trained yet")).to_be_visible()
    portal.page.get_by_role("link", name="Train").last.click()
    expect(portal.page).to_have_url(re.compile(r"/train$"))


def test_the_threshold_moves_all_figures_at_once_and_asks_for_nothing(portal, still):
    look_at(portal, still.id, still.first)
    expect(portal.figure("Precision")).to_have_text("40.0 %")
    expect(portal.figure("Recall")).to_have_text("40.0 %")
    expect(portal.figure("Average precision (AP)")).to_have_text(re.compile("%"))
    chart = portal.page.get_by_role("img", name=re.compile("^Of all tags"))
    asked = []
    portal.page.on("request", lambda request: asked.append(request.url))
    slide(portal, "Threshold", 11)
    expect(portal.figure("Precision")).to_have_text("66.7 %")
    expect(portal.figure("Recall")).to_have_text("40.0 %")
    expect(chart).to_have_accessible_name("Of all tags at the threshold 0.61: precision 66.7 %, recall 40.0 %")
    row = portal.page.get_by_role("row").filter(has=portal.page.get_by_role("rowheader", name="apple")).last
    expect(row).to_contain_text("50.0 %")
    expect(portal.page).to_have_url(re.compile(r"\?threshold=0\.61$"))
    expect(cell(portal, "apple", "nothing")).to_be_visible()
    assert [url for url in asked if "/curves" in url] == []
    portal.page.reload()
    expect(portal.figure("Recall")).to_have_text("40.0 %")


def test_the_best_balance_and_the_curve_set_the_threshold(portal, still):
    look_at(portal, still.id, still.first)
    slide(portal, "Threshold", 1, "End")
    expect(portal.figure("Recall")).to_have_text("0.0 %")
    portal.reach(portal.page.get_by_role("button", name=re.compile("^Use the best balance")))
    portal.press("Enter")
    expect(portal.figure("Recall")).not_to_have_text("0.0 %")
    expect(portal.button("At the best balance")).to_be_focused()
    portal.page.get_by_role("img", name=re.compile("^Of all tags")).click(position={"x": 60, "y": 20})
    expect(portal.page.get_by_role("slider", name="Threshold")).not_to_have_value("0.5")


def test_a_cell_leads_in_three_steps_to_its_images_and_a_digit_puts_them_right(portal, counted, training, fruit):
    portal.images(fruit.id, 5)
    with counted(3):
        portal.press(".", "3")
        cell(portal, "apple", "leaf").click()
        expect(tiles(portal).first).to_have_accessible_name("apple said to be leaf 60 %")
    portal.page.get_by_role("link", name=re.compile("^First")).click()
    cell(portal, "apple", "leaf").click()
    expect(tiles(portal)).to_have_count(2)
    expect(tiles(portal).first).to_have_accessible_name("apple said to be leaf 95 %")
    expect(portal.page.get_by_role("heading", name="apple, taken for leaf")).to_be_visible()
    portal.press("2")
    expect(tiles(portal).first).to_have_accessible_name("apple said to be leaf 95 % now leaf")
    expect(tiles(portal).nth(1)).to_have_attribute("aria-selected", "true")
    portal.saved()
    [image] = training.get_images_by_ids(fruit.id, image_ids=[fruit.images[2]])
    assert [tag.tag_name for tag in image.tags] == ["leaf"]
    portal.press("Control+z")
    expect(tiles(portal).first).to_have_accessible_name("apple said to be leaf 95 %")
    portal.saved()
    [image] = training.get_images_by_ids(fruit.id, image_ids=[fruit.images[2]])
    assert [tag.tag_name for tag in image.tags] == ["apple"]
    portal.press("Escape")
    expect(tiles(portal)).to_have_count(0)


def test_a_link_shows_the_same_cell_and_mistakes_come_the_surest_first(portal, still):
    look_at(portal, still.id, still.first, "?threshold=0.7&wrong=true")
    expect(tiles(portal)).to_have_count(3)
    expect(tiles(portal).first).to_have_accessible_name("apple said to be leaf 95 %")
    expect(portal.page.get_by_role("button", name="3 mistakes")).to_have_attribute("aria-pressed", "true")
    expect(tiles(portal).nth(1)).to_have_accessible_name("leaf said to be nothing")
    slide(portal, "Threshold", 1, "Home")
    expect(tiles(portal).nth(1)).to_have_accessible_name("apple said to be leaf 60 %")


def test_the_matrix_is_walked_by_arrows(portal, still):
    look_at(portal, still.id, still.first)
    portal.reach(cell(portal, "apple", "apple"))
    portal.press("ArrowRight")
    expect(cell(portal, "apple", "leaf")).to_be_focused()
    portal.press("Enter")
    expect(tiles(portal)).to_have_count(2)
    expect(portal.page.get_by_role("listbox", name="Judged images")).to_be_focused()
    portal.press("ArrowRight")
    expect(tiles(portal).nth(1)).to_have_attribute("aria-selected", "true")


def test_an_image_that_was_deleted_since_is_told_so(portal, training, fruit):
    training.delete_images(fruit.id, image_ids=[fruit.images[2]])
    look_at(portal, fruit.id, fruit.first, "?wrong=true")
    expect(tiles(portal).first).to_have_accessible_name("apple said to be leaf 95 % deleted since")
    portal.press("2")
    expect(tiles(portal).first).to_have_accessible_name("apple said to be leaf 95 % deleted since")


def test_the_tags_are_sorted_and_few_images_are_marked(portal, still):
    look_at(portal, still.id, still.first)
    table = portal.page.get_by_role("region", name="Tags")
    names = table.get_by_role("rowheader")
    table.get_by_role("button", name="Tag").first.click()
    expect(names).to_have_text(["apple", "leaf"])
    table.get_by_role("button", name=re.compile("^Tag")).first.click()
    expect(names).to_have_text(["leaf", "apple"])
    table.get_by_role("button", name=re.compile("^Recall")).click()
    expect(table.get_by_role("columnheader", name=re.compile("^Recall"))).to_have_attribute("aria-sort", "ascending")
    expect(table.get_by_text("few", exact=True)).to_have_count(2)
    names.filter(has_text="apple").get_by_role("button").click()
    expect(portal.page.get_by_role("img", name=re.compile("^Of apple at the threshold 0.50"))).to_be_visible()
    expect(tiles(portal)).to_have_count(2)


def test_a_detector_has_a_slider_for_the_overlap(portal, training, storage):
    project = training.create_project(f"boxes {uuid4()}", domain_id=DETECTION)
    fork, knife = (ModelTag(UUID(training.create_tag(project.id, name).id), name) for name in ("fork", "knife"))
    whole, half = (0.0, 0.0, 0.4, 0.4), (0.0, 0.0, 0.2, 0.4)
    images = [
        judged_boxes(0, [(fork.id, whole)], [(0, 0.9, half)]),
        judged_boxes(1, [(knife.id, whole)], [(1, 0.8, whole)]),
    ]
    iteration = put_judged(storage, UUID(project.id), [fork, knife], images, kind=None, domain_id=UUID(DETECTION))
    look_at(portal, project.id, iteration)
    expect(portal.figure("Recall")).to_have_text("100.0 %")
    slide(portal, "Overlap", 25)
    expect(portal.figure("Recall")).to_have_text("50.0 %")
    expect(portal.page).to_have_url(re.compile(r"overlap=0\.55$"))
    cell(portal, "fork", "nothing").click()
    expect(tiles(portal).first).to_have_accessible_name("fork said to be nothing deleted since")


def test_a_name_is_published_taken_over_rolled_back_and_unpublished(portal, training, fruit):
    look_at(portal, fruit.id, fruit.first)
    publish(portal, "gate")
    toolbar = portal.page.get_by_role("toolbar", name="Iteration")
    expect(toolbar.get_by_role("button", name="Prediction URL")).to_be_focused()
    portal.page.get_by_role("link", name=re.compile("^Second")).click()
    expect(portal.page.get_by_role("heading", name="Second", exact=True)).to_be_visible()
    portal.press("p")
    expect(portal.page.get_by_role("textbox", name="Name")).to_have_value("gate")
    expect(portal.page.get_by_text("gate answers by First today.")).to_be_visible()
    portal.press("Enter")
    dialog = portal.page.get_by_role("dialog", name="Predictions by gate")
    expect(dialog).to_be_visible()
    (said,) = json.loads(dialog.get_by_role("textbox", name="Answer").inner_text())["predictions"]
    assert said.keys() == {"probability", "tagId", "tagName"}
    portal.look("address")
    portal.press("Escape")
    assert answering(training, fruit) == {"gate": "Second"}
    portal.button("Roll back").click()
    portal.page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(portal.page.get_by_role("status").get_by_text("gate answers by First again.")).to_be_visible()
    assert answering(training, fruit) == {"gate": "First"}
    expect(portal.button("Publish")).to_be_enabled()
    portal.page.get_by_role("link", name=re.compile("^First")).click()
    choose(portal, "First", "Unpublish …")
    portal.page.get_by_role("dialog").get_by_role("button", name="Unpublish").click()
    expect(portal.page.get_by_role("region", name="Published names")).to_have_count(0)
    assert answering(training, fruit) == {}


def publish(portal, name):
    portal.button("Publish").click()
    portal.page.get_by_role("textbox", name="Name").fill(name)
    portal.page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(portal.page.get_by_role("dialog", name=f"Predictions by {name}")).to_be_visible()
    portal.press("Escape")


def choose(portal, iteration, item):
    portal.button(f"More of {iteration}").click()
    portal.page.get_by_role("menuitem", name=item).click()


def answering(training, project):
    return {it.publish_name: it.name for it in training.get_iterations(project.id) if it.publish_name}


def test_a_name_that_can_not_be_is_refused_where_it_is_typed(portal, training, fruit):
    look_at(portal, fruit.id, fruit.first)
    portal.press("p")
    portal.page.get_by_role("textbox", name="Name").fill("a/b")
    portal.press("Enter")
    expect(portal.page.get_by_role("alert").get_by_text("A published name has 1 to 128 printable")).to_be_visible()
    portal.page.get_by_role("textbox", name="Name").fill("Tür 1")
    portal.press("Enter")
    samples = portal.page.get_by_role("dialog", name="Predictions by Tür 1")
    expect(samples.get_by_role("textbox", name="curl")).to_contain_text("/classify/iterations/T%C3%BCr%201/image")
    expect(samples.get_by_role("textbox", name="Python")).to_contain_text(f'classify_image("{fruit.id}", "Tür 1"')
    portal.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    samples.get_by_role("button", name="Copy curl").click()
    expect(samples.get_by_role("button", name="Copy curl")).to_have_text("Copied")
    assert "--data-binary @photo.jpg" in portal.page.evaluate("navigator.clipboard.readText()")


def test_an_iteration_is_renamed_made_the_default_and_deleted(portal, training, fruit):
    look_at(portal, fruit.id, fruit.second)
    choose(portal, "Second", "Rename …")
    portal.page.get_by_role("textbox", name="Name").fill("First")
    portal.press("Enter")
    expect(portal.page.get_by_role("alert").get_by_text("Another iteration is named 'First'")).to_be_visible()
    portal.page.get_by_role("textbox", name="Name").fill("Best of all")
    portal.press("Enter")
    expect(portal.page.get_by_role("heading", name="Best of all")).to_be_visible()
    choose(portal, "Best of all", "Make default")
    expect(portal.page.get_by_role("region", name="Published names")).to_contain_text("default")
    assert answering(training, fruit) == {"default": "Best of all"}
    portal.button("More of Best of all").click()
    expect(portal.page.get_by_role("menuitem", name="Delete …")).to_be_disabled()
    portal.press("Escape")
    portal.page.get_by_role("link", name=re.compile("^First")).click()
    choose(portal, "First", "Delete …")
    portal.button("Delete it").click()
    expect(portal.page.get_by_role("heading", name="Best of all")).to_be_visible()
    assert [iteration.name for iteration in training.get_iterations(fruit.id)] == ["Best of all"]


def test_a_domain_that_stays_in_the_cloud_says_how_to_leave_it(portal, still):
    """Where the service lets the compact domains alone be exported."""

    def strict(route):
        domains = route.fetch().json()
        closed = {"exportable": False, "exportablePlatforms": [], "exportableFlavors": {}}
        route.fulfill(json=[domain if "(compact)" in domain["name"] else domain | closed for domain in domains])

    portal.page.route("**/domains", strict)
    look_at(portal, still.id, still.first)
    portal.button("Export").click()
    expect(portal.page.get_by_role("dialog")).to_contain_text("General can’t be exported. Choose a compact domain")


def test_iterations_that_failed_or_are_gone_say_so(portal, training, storage, fruit):
    put_judged(storage, UUID(fruit.id), fruit.tags, [], status=IterationStatus.FAILED)
    look_at(portal, fruit.id, fruit.first)
    expect(portal.page.get_by_role("navigation", name="Iterations")).to_contain_text("failed")
    portal.open(fruit.id, f"performance/{uuid4()}")
    expect(portal.page.get_by_role("alert").first).to_contain_text("There is no such iteration.")
    portal.open(fruit.id, f"performance/{fruit.first}", f"?truth={uuid4()}")
    expect(portal.page.get_by_role("alert").first).to_contain_text("not trained on tag")


def test_eighty_one_tags_show_what_is_confused_most(portal, training, storage, project):
    tags = [ModelTag(UUID(training.create_tag(project.id, f"class {n:02}").id), f"class {n:02}") for n in range(81)]
    images = [judged(n, [tags[n].id], [0.9 if tag == n - n % 2 else 0.0 for tag in range(81)]) for n in range(40)]
    iteration = put_judged(storage, UUID(project.id), tags, images)
    look_at(portal, project.id, iteration)
    matrix = portal.page.get_by_role("region", name="What was taken for what")
    expect(matrix.get_by_role("row")).to_have_count(26)
    matrix.get_by_role("button", name="All 81 tags").click()
    expect(matrix.get_by_role("row")).to_have_count(83)
    portal.look("performance-81-tags")


def test_every_screen_tells_that_the_service_is_away_and_asks_again_when_it_is_back(portal, still):
    portal.open(still.id, f"performance/{still.first}")
    expect(portal.figure("Precision")).to_be_visible()
    screens = {"settings": "Limits", "train": "What there is to learn from"}
    for screen, region in screens.items():
        portal.follow(still.id, screen)
        expect(portal.page.get_by_role("region", name=region)).to_be_visible()
    portal.page.context.set_offline(True)
    for screen in (f"performance/{still.second}", *screens, f"performance/{still.second}"):
        portal.follow(still.id, screen)
        expect(portal.page.locator("[data-state=away]")).to_have_text("Waiting")
        expect(portal.page.get_by_role("status").get_by_text("The service does not answer.")).to_be_visible()
    expect(portal.page.get_by_role("heading", name="That did not work").first).to_be_visible()
    portal.page.context.set_offline(False)
    expect(portal.figure("Precision")).to_be_visible()
    expect(portal.page.get_by_role("region", name="What was taken for what")).to_be_visible()
    portal.saved()
    # A failure would be told for longer than this took.
    expect(portal.page.locator(".toast")).to_have_count(0)
