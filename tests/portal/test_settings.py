"""A project's settings, what it uses of the limits, its copy by a token, and the way out."""

from playwright.sync_api import expect

from tests.functions.flows import import_project
from tests.portal.models import untagged


def test_name_description_and_kind_are_saved(portal, training, project):
    portal.open(project.id, "settings")
    save = portal.button("Save")
    expect(save).to_be_disabled()
    portal.page.get_by_label("Name", exact=True).fill("Fruit of the shop")
    portal.press("Escape")
    portal.page.get_by_role("link", name="Train", exact=True).click()
    expect(portal.page.get_by_text("What you changed in the settings is not saved.")).to_be_visible()
    portal.button("Go back").click()
    expect(portal.page.get_by_label("Name", exact=True)).to_have_value("Fruit of the shop")
    portal.page.get_by_label("Description").fill("What lies on the counter")
    portal.page.get_by_label("Domain").select_option(label="General (compact)")
    portal.page.get_by_label("Tags of an image").select_option(label="many")
    expect(portal.page.get_by_text("Its models can be exported.")).to_be_visible()
    save.click()
    expect(portal.page.get_by_text("The project's settings are saved.")).to_be_visible()
    expect(save).to_be_disabled()
    expect(portal.page.get_by_role("banner").get_by_text("Fruit of the shop")).to_be_visible()
    found = training.get_project(project.id)
    assert (found.name, found.description) == ("Fruit of the shop", "What lies on the counter")
    assert found.settings.classification_type == "Multilabel"
    assert training.get_domain(found.settings.domain_id).name == "General (compact)"


def test_a_name_that_the_service_refuses_stays_to_be_mended(portal, training, project):
    portal.open(project.id, "settings")
    name = portal.page.get_by_label("Name", exact=True)
    name.fill("turned \u202e around")
    portal.button("Save").click()
    expect(portal.page.get_by_role("alert").get_by_text("printable characters")).to_be_visible()
    expect(name).to_have_value("turned \u202e around")
    portal.button("As it was").click()
    expect(name).to_have_value(project.name)
    name.fill("   ")
    expect(portal.button("Save")).to_be_disabled()
    assert training.get_project(project.id).name == project.name


def test_a_change_of_augmentation_keeps_what_is_typed(portal, training, project):
    portal.open(project.id, "settings")
    portal.page.get_by_label("Description").fill("not saved yet")
    expect(portal.page.get_by_label("solarize")).to_be_hidden()
    portal.page.get_by_text("Augmentation", exact=True).click()
    portal.page.get_by_label("solarize").uncheck()
    expect(portal.page.get_by_label("solarize")).to_be_enabled()
    expect(portal.page.get_by_label("Description")).to_have_value("not saved yet")
    methods = training.get_project(project.id).settings.image_processing_settings.augmentation_methods
    assert methods["solarize"] is False
    assert methods["rotation"] is True


def test_what_is_used_of_the_limits(portal, filled):
    project = filled(3)
    portal.open(project.id, "settings")
    limits = portal.page.get_by_role("region", name="Limits")
    expect(limits.get_by_text("3 of 100,000 images")).to_be_visible()
    expect(limits.get_by_text("2 of 500 tags")).to_be_visible()
    expect(limits.get_by_role("meter", name="images used")).to_be_visible()
    expect(limits.get_by_text("Pictures of a batch1,000,000 at most")).to_be_visible()
    expect(limits.get_by_text("Batches under way10 at once")).to_be_visible()


def test_a_copy_goes_by_a_token(portal, training, project):
    untagged(training, project, ["apple", "leaf"])
    portal.open(project.id, "settings")
    copy = portal.page.get_by_role("region", name="Copy")
    copy.get_by_role("button", name="Make a token").click()
    expect(copy.get_by_text("2 images, 0 boxes, 0 iterations")).to_be_visible()
    copied = import_project(training, copy.get_by_role("code").inner_text(), "Another place")
    assert training.get_image_count(copied.id) == 2
    copy.get_by_label("Name of a copy here").fill("Here")
    copy.get_by_role("button", name="Import it here").click()
    expect(portal.page.get_by_title("Here", exact=True)).to_be_visible()
    expect(portal.page.get_by_text("Importing …")).to_have_count(0)


def test_ids_and_where_the_keys_are(portal, service, project):
    portal.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    portal.open(project.id, "settings")
    programs = portal.page.get_by_role("region", name="For programs")
    expect(programs.get_by_text(service.endpoint, exact=True)).to_be_visible()
    expect(programs.get_by_text(".local/ocellus.env").first).to_be_visible()
    expect(programs.get_by_text("The keys lie in ocellus.env in the data folder, .local:")).to_be_visible()
    programs.get_by_role("button", name="Copy the project's id").click()
    expect(programs.get_by_text("Copied")).to_be_visible()
    assert portal.page.evaluate("navigator.clipboard.readText()") == project.id


def test_signing_out(portal, project):
    portal.open(project.id, "settings")
    portal.button("Sign out").click()
    expect(portal.page.get_by_label("Training key")).to_be_visible()
