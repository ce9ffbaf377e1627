"""The images of a project: tags by digits, choosing, bulk work, undo, filters, search."""

from playwright.sync_api import expect


def tags_of(training, project_id):
    images = training.get_images(project_id, order_by="Newest", take=256)
    return [sorted(tag.tag_name for tag in image.tags or []) for image in images]


def test_a_digit_tags_the_image_and_goes_on(portal, training, filled):
    project = filled(6)
    portal.images(project.id, 6)
    portal.press("1", "2", "1")
    expect(portal.cell(1)).to_have_accessible_name("image, apple")
    portal.saved()
    assert tags_of(training, project.id) == [["apple"], ["leaf"], ["apple"], [], [], []]
