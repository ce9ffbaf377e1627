"""How many keys, clicks and drags common work takes; and that the labels are right at its end."""

import pytest
from playwright.sync_api import expect

from tests.functions.flows import DETECTION
from tests.portal.editor import Editor
from tests.portal.models import FRUIT, classifier, tagged
from tests.portal.uploads import add, plain

CLASSES = ("brand", "cereal", "coffee", "juice", "tea")
THINGS = ("bolt", "nut", "washer")
# More than go in one call.
LABELLED = 70
# Of four boxes each; what one costs is the same at the hundredth.
IMAGES = 10
# Red, green and blue, as the classifier of the tests tells apple, leaf and sky.
COLOURS = dict(zip(FRUIT, ("#ff0000", "#00ff00", "#0000ff"), strict=True))
# It is less sure of these.
PALE = dict(zip(FRUIT, ("#dc6464", "#64dc64", "#6464dc"), strict=True))
NAMED = "(options) => options.map(({ ariaLabel }) => ariaLabel.split(',')[0])"


def truth_of(name: str) -> str:
    """The file names say what is on the pictures."""
    return name.split("-")[0]


def tags_by_id(training, project_id):
    images = training.get_images(project_id, take=256)
    return {image.id: [tag.tag_name for tag in image.tags or []] for image in images}


def test_images_are_labelled_by_a_key_each_and_half_of_them_deleted_and_brought_back(
    portal, counted, service, training, project
):
    tagged(training, project, CLASSES)
    names = add(service, project.id, {f"{CLASSES[n * 7 % 5]}-{n}.jpg": plain("red", n) for n in range(LABELLED)})
    truths = [truth_of(names[image.id]) for image in training.get_images(project.id, order_by="Newest", take=256)]
    portal.images(project.id, LABELLED)
    with counted(LABELLED):
        portal.press(*[str(CLASSES.index(truth) + 1) for truth in truths])
    portal.saved()
    right = {id: [truth_of(name)] for id, name in names.items()}
    assert tags_by_id(training, project.id) == right
    portal.press("Home", *["Shift+ArrowRight"] * (LABELLED // 2 - 1), "Delete")
    portal.saved()
    assert len(tags_by_id(training, project.id)) == LABELLED // 2
    with counted(1):
        portal.press("Control+z")
    portal.saved()
    assert tags_by_id(training, project.id) == right


def things_on(image: int) -> list[tuple[str, float, float]]:
    """The four things on a picture, with their places: of one kind after the other, over all pictures."""
    return [
        (THINGS[n // 7 % 3], 0.1 + 0.5 * (n % 2), 0.1 + 0.45 * (n // 2 % 2)) for n in range(4 * image, 4 * image + 4)
    ]


def test_boxes_are_drawn_four_on_each_image(portal, counted, service, training, request):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    tagged(training, project, THINGS)
    names = add(service, project.id, {f"{n}.jpg": plain("red", n) for n in range(IMAGES)})
    places = {image.id: place for place, image in enumerate(training.get_images(project.id, order_by="Newest"))}
    editor, said = Editor(portal), THINGS[0]
    portal.images(project.id, IMAGES)
    with counted(IMAGES + 4 * IMAGES + 4 * IMAGES // 7):
        for image in range(IMAGES):
            portal.press("Space")
            editor.shows(f"{image + 1} of {IMAGES}")
            for kind, x, y in things_on(image):
                editor.drag((x, y), (x + 0.3, y + 0.3), steps=2)
                if kind != said:
                    portal.press(str(THINGS.index(kind) + 1))
                said = kind
    portal.saved()
    found = training.get_images(project.id, take=256)
    assert len(found) == len(names)
    for image in found:
        drawn = sorted((each.tag_name, each.left, each.top, each.width, each.height) for each in image.regions)
        meant = sorted((*thing, 0.3, 0.3) for thing in things_on(places[image.id]))
        assert [tag for tag, *_ in drawn] == [tag for tag, *_ in meant]
        assert [box for _, *box in drawn] == [pytest.approx(box, abs=0.01) for _, *box in meant]


def suggestion(portal, name):
    return portal.page.get_by_role("option", name=f"{name}, suggested")


def focused(portal) -> str:
    """The file name of the image that a digit means."""
    place = portal.page.get_by_role("listbox", name="Suggestions").get_attribute("aria-activedescendant")
    return portal.page.locator(f"#{place}").get_attribute("aria-label")


def correct(portal, left: int) -> None:
    """A digit for each, the first one first."""
    for count in range(left, 0, -1):
        expect(portal.suggestions).to_have_count(count)
        portal.press(str(FRUIT.index(truth_of(focused(portal))) + 1))


def by_mouse(portal, wrong: list[str]) -> None:
    for name in wrong:
        suggestion(portal, name).get_by_title("Leave it out (X)").click()
    portal.press("Enter")
    correct(portal, len(wrong))


def by_pointing(portal, wrong: list[str]) -> None:
    """A digit means what the mouse points at."""
    for name in wrong:
        suggestion(portal, name).hover()
        portal.press(str(FRUIT.index(truth_of(name)) + 1))
        expect(suggestion(portal, name)).to_have_count(0)
    portal.press("Enter")


def by_keys(portal, wrong: list[str]) -> None:
    """Those that are wrong are less sure."""
    portal.press(">", ">")
    expect(portal.suggestions).to_have_count(100 - len(wrong))
    portal.seen()
    portal.press("Enter", "<", "<")
    correct(portal, len(wrong))


def test_a_hundred_suggestions_of_which_twenty_are_wrong(portal, counted, service, training, storage, project):
    classifier(training, storage, project, scale=0.02)
    kinds = [FRUIT[n % 3] for n in range(100)]
    truths = [FRUIT[(n + 1) % 3] if n % 5 == 2 else kind for n, kind in enumerate(kinds)]
    shades = [COLOURS[kind] if kind == truths[n] else PALE[kind] for n, kind in enumerate(kinds)]
    pictures = {f"{truths[n]}-{kinds[n]}-{n}.jpg": plain(shades[n], n) for n in range(100)}
    names = add(service, project.id, pictures)
    wrong = [name for name in pictures if truth_of(name) != name.split("-")[1]]
    portal.page.set_viewport_size({"width": 1600, "height": 1000})
    portal.open(project.id, search="?suggested=last")
    expect(portal.suggestions.first).to_be_visible()
    portal.press("-", "-", "-")
    for way, most in ((by_mouse, 41), (by_pointing, 21), (by_keys, 25)):
        expect(portal.suggestions).to_have_count(100)
        # Their names come with the images.
        expect(portal.page.get_by_role("option", name="image,")).to_have_count(0)
        portal.seen()
        # The surest come first, and those that are wrong are less sure here.
        assert sorted(portal.suggestions.evaluate_all(NAMED)[-len(wrong) :]) == sorted(wrong)
        with counted(most):
            way(portal, wrong)
        portal.saved()
        assert tags_by_id(training, project.id) == {id: [truth_of(name)] for id, name in names.items()}
        for tag in training.get_tags(project.id):
            training.delete_image_tags(
                project.id, [id for id, name in names.items() if truth_of(name) == tag.name], [tag.id]
            )
        portal.page.reload()
