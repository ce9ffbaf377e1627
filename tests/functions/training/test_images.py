"""Training images through the SDK."""

import base64
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageTagCreateEntry,
    ImageUrlCreateBatch,
    ImageUrlCreateEntry,
    Region,
)
from PIL import Image

from tests.functions.flows import post, refused, upload
from tests.pictures import encoded, picture


def batch(*pictures: bytes, **options: object) -> ImageFileCreateBatch:
    entries = [ImageFileCreateEntry(name=f"{at}.jpg", contents=data) for at, data in enumerate(pictures)]
    return ImageFileCreateBatch(images=entries, **options)


def statuses(summary) -> list[str]:
    return [result.status for result in summary.images]


def opened(uri: str) -> Image.Image:
    with urllib.request.urlopen(uri) as answer:
        return Image.open(BytesIO(answer.read()))


def test_create_images_from_data_takes_bytes_and_files(training, project, tmp_path):
    tag = training.create_tag(project.id, "apple")
    summary = training.create_images_from_data(project.id, picture("apple", 1), tag_ids=[tag.id])
    assert summary.is_batch_successful
    assert [mark.tag_name for mark in summary.images[0].image.tags] == ["apple"]
    path = tmp_path / "file.png"
    path.write_bytes(picture("apple", 2, format="PNG"))
    with path.open("rb") as file:
        assert training.create_images_from_data(project.id, file).is_batch_successful
    assert training.get_tagged_image_count(project.id) == 1
    assert training.get_untagged_image_count(project.id) == 1
    assert training.get_image_count(project.id) == 2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "GIF"])
def test_create_images_from_files_takes_every_format(training, project, format):
    summary = training.create_images_from_files(project.id, batch(picture("leaf", 1, format=format)))
    image = summary.images[0].image
    assert (summary.images[0].status, image.width, image.height) == ("OK", 320, 240)
    assert opened(image.original_image_uri).format == format
    assert opened(image.resized_image_uri).size == (320, 240)
    assert max(opened(image.thumbnail_uri).size) <= 256


def test_create_images_from_files_reports_each_picture(training, project):
    tag = training.create_tag(project.id, "apple")
    other = training.create_tag(project.id, "none", type="Negative")
    good = picture("apple", 1)
    truncated = good[: len(good) // 2]
    big = good + bytes(6 * 1024 * 1024)
    narrow = encoded(Image.new("RGB", (2600, 100)))
    wide = encoded(Image.new("1", (10_241, 600)), "PNG")
    pictures = batch(good, b"not a picture", truncated, big, narrow, wide, b"", tag_ids=[tag.id])
    answer = training.create_images_from_files(project.id, pictures, raw=True)
    assert [(each["status"], each.get("message", "")) for each in answer.response.json()["images"]] == [
        ("OK", ""),
        ("ErrorImageFormat", "The data is no JPEG, PNG, BMP or GIF image; convert it to one of these."),
        ("ErrorImageFormat", "The image is broken or cut off; send the whole file."),
        ("ErrorImageSize", f"The image has {len(big):,} bytes; send at most 6,291,456."),
        ("ErrorImageDimensions", "The image is 2600 x 100 px; its sides may differ by 25:1 at most."),
        ("ErrorImageDimensions", "The image is 10241 x 600 px; each side may have 1 to 10,240."),
        ("ErrorImageFormat", "The data is no JPEG, PNG, BMP or GIF image; convert it to one of these."),
    ]
    assert not answer.output.is_batch_successful
    entry = ImageFileCreateEntry(name="n", contents=picture("apple", 5), tag_ids=[tag.id, other.id])
    unknown = ImageFileCreateEntry(name="u", contents=picture("apple", 6), tag_ids=[str(uuid4())])
    summary = training.create_images_from_files(project.id, ImageFileCreateBatch(images=[entry, unknown]))
    assert statuses(summary) == ["ErrorNegativeAndRegularTagOnSameImage", "ErrorInvalidTag"]
    assert training.get_image_count(project.id) == 1


def test_create_images_adds_the_tags_to_a_duplicate(training, project):
    apple, red = training.create_tag(project.id, "apple"), training.create_tag(project.id, "red")
    first = training.create_images_from_files(project.id, batch(picture("apple", 1), tag_ids=[apple.id]))
    again = training.create_images_from_files(project.id, batch(picture("apple", 1), tag_ids=[red.id]))
    assert statuses(again) == ["OKDuplicate"]
    assert again.images[0].image.id == first.images[0].image.id
    assert {mark.tag_name for mark in again.images[0].image.tags} == {"apple", "red"}
    assert training.get_image_count(project.id) == 1
    assert training.get_tag(project.id, red.id).image_count == 1


def test_create_images_with_the_same_picture_twice_in_one_batch(training, project):
    summary = training.create_images_from_files(project.id, batch(*[picture("apple", 1)] * 8))
    assert sorted(statuses(summary)) == ["OK"] + ["OKDuplicate"] * 7
    assert training.get_image_count(project.id) == 1


def test_create_images_turns_pictures_upright(training, project):
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = encoded(Image.new("RGB", (400, 300), "red"), exif=exif)
    image = training.create_images_from_files(project.id, batch(sideways)).images[0].image
    assert (image.width, image.height) == (300, 400)
    assert opened(image.resized_image_uri).size == (300, 400)


def test_create_images_takes_small_pictures(training, project):
    tiny = encoded(Image.new("RGB", (20, 12), "green"), "PNG")
    summary = training.create_images_from_files(project.id, batch(tiny))
    assert statuses(summary) == ["OK"]


def test_create_images_from_urls(training, project, web):
    tag = training.create_tag(project.id, "leaf")
    entries = [
        ImageUrlCreateEntry(url=web.serve(picture("leaf", 1))),
        ImageUrlCreateEntry(url=web.address + "/absent.jpg"),
        ImageUrlCreateEntry(url="ftp://example.com/a.jpg"),
        ImageUrlCreateEntry(url=web.serve(b"no picture")),
    ]
    summary = training.create_images_from_urls(project.id, ImageUrlCreateBatch(images=entries, tag_ids=[tag.id]))
    assert statuses(summary) == ["OK", "ErrorSource", "ErrorSource", "ErrorImageFormat"]
    assert [result.source_url for result in summary.images] == [entry.url for entry in entries]


def test_create_images_names_each_picture_as_its_client_does(training, project, tmp_path):
    path = tmp_path / "file.png"
    path.write_bytes(picture("apple", 2, format="PNG"))
    with path.open("rb") as file:
        assert training.create_images_from_data(project.id, file).images[0].source_url == "file.png"
    assert training.create_images_from_data(project.id, picture("apple", 1)).images[0].source_url == "imageData"
    unnamed = ImageFileCreateEntry(contents=picture("apple", 3))
    named = [ImageFileCreateEntry(name=f"n{seed}", contents=picture("sky", seed)) for seed in range(6)]
    summary = training.create_images_from_files(project.id, ImageFileCreateBatch(images=[unnamed, *named]))
    assert [result.source_url for result in summary.images] == [None, *(entry.name for entry in named)]


def test_create_images_takes_explicit_nulls(training, project, service, web):
    nulls = {"tagIds": None, "regions": None, "name": None}
    contents, url = base64.b64encode(picture("apple", 1)).decode(), web.serve(picture("apple", 2))
    for kind, entry in (("files", {"contents": contents}), ("urls", {"url": url})):
        body = {"images": [entry | nulls], "tagIds": None, "metadata": None}
        status, answer = post(service, f"projects/{project.id}/images/{kind}", body)
        assert (status, answer["images"][0]["status"]) == (200, "OK")
    assert training.get_image_count(project.id) == 2


def test_create_images_answers_207_unless_all_are_ok(training, project):
    for pictures, status in [((1,), 200), ((1, 2), 207), ((2, 3), 207)]:
        batched = batch(*[picture("apple", seed) for seed in pictures])
        assert training.create_images_from_files(project.id, batched, raw=True).response.status_code == status
    unknown = [str(uuid4())]
    summary = training.create_images_from_data(project.id, picture("apple", 9), tag_ids=unknown)
    assert statuses(summary) == ["ErrorInvalidTag"]
    summary = training.create_images_from_files(project.id, batch(picture("apple", 8), b"none", tag_ids=unknown))
    assert statuses(summary) == ["ErrorInvalidTag", "ErrorImageFormat"]
    assert training.get_image_count(project.id) == 3


def test_create_images_refuses_bad_batches(training, project):
    with refused("BadRequestImageBatch", "No valid image files"):
        training.create_images_from_files(project.id, ImageFileCreateBatch(images=[]))
    with refused("BadRequestImageBatch", "No image urls provided"):
        training.create_images_from_urls(project.id, ImageUrlCreateBatch(images=[]))
    with refused("BadRequestExceededBatchSize"):
        training.create_images_from_files(project.id, batch(*[b"x"] * 65))
    with refused("BadRequestImageMetadataKey"):
        metadata = {str(key): "v" for key in range(11)}
        training.create_images_from_files(project.id, batch(picture("apple", 1), metadata=metadata))
    with refused("BadRequestImageMetadataValue"):
        training.create_images_from_files(project.id, batch(picture("apple", 1), metadata={"k": "v" * 257}))
    with refused("NotFoundProject"):
        training.create_images_from_files(uuid4(), batch(picture("apple", 1)))
    with refused("BadRequestExceededBatchSize"):
        ids = [str(uuid4()) for _ in range(21)]
        training.create_images_from_files(project.id, batch(picture("apple", 1), tag_ids=ids))
    region = Region(tag_id=str(uuid4()), left=0, top=0, width=1, height=1)
    entry = ImageFileCreateEntry(name="r", contents=picture("apple", 1), regions=[region])
    with refused("BadRequestOperationNotSupported"):
        training.create_images_from_files(project.id, ImageFileCreateBatch(images=[entry]))
    assert training.get_image_count(project.id) == 0


def test_metadata_comes_back(training, project):
    summary = training.create_images_from_files(project.id, batch(picture("apple", 1), metadata={"line": "7"}))
    image_id = summary.images[0].image.id
    assert training.get_images_by_ids(project.id, [image_id])[0].metadata == {"line": "7"}


def test_get_images_pages_and_filters(training, project):
    apple = upload(training, project.id, "apple", range(5))
    leaf = upload(training, project.id, "leaf", range(4))
    training.create_images_from_files(project.id, batch(picture("sky", 1), picture("sky", 2)))
    newest = [image.id for image in training.get_images(project.id, take=256)]
    oldest = [image.id for image in training.get_images(project.id, order_by="Oldest", take=256)]
    assert len(newest) == 11
    assert oldest == newest[::-1]
    paged = [image.id for skip in range(0, 12, 3) for image in training.get_images(project.id, take=3, skip=skip)]
    assert paged == newest
    assert len(training.get_images(project.id, tag_ids=[apple.id])) == 5
    assert len(training.get_tagged_images(project.id, tag_ids=[apple.id, leaf.id], take=256)) == 9
    assert len(training.get_images(project.id, tagging_status="untagged")) == 2
    assert len(training.get_untagged_images(project.id, order_by="oldest")) == 2
    assert training.get_image_count(project.id, tagging_status="Tagged", tag_ids=[leaf.id]) == 4
    assert training.get_tagged_image_count(project.id, tag_ids=[apple.id, leaf.id]) == 9
    assert training.get_images(project.id, take=0) == []
    assert training.get_images(project.id, skip=11) == []


def test_images_of_a_batch_keep_their_order(training, project):
    summary = training.create_images_from_files(project.id, batch(*(picture("sky", seed) for seed in range(20))))
    oldest = training.get_images(project.id, order_by="Oldest")
    assert [image.id for image in oldest] == [result.image.id for result in summary.images]


def test_get_images_refuses(training, project):
    with refused("NotFoundTag"):
        training.get_images(project.id, tag_ids=[str(uuid4())])
    with refused("NotFoundProject"):
        training.get_images(uuid4())
    with refused("NotFoundProject"):
        training.get_image_count(uuid4())
    with refused("NotFoundImage"):
        training.get_images_by_ids(project.id, [str(uuid4())])


def test_create_image_tags_sorts_what_became_of_each(training, project):
    apple, red = training.create_tag(project.id, "apple"), training.create_tag(project.id, "red")
    summary = training.create_images_from_files(project.id, batch(picture("apple", 1), tag_ids=[apple.id]))
    image_id = summary.images[0].image.id
    entries = [ImageTagCreateEntry(image_id=image_id, tag_id=tag.id) for tag in (apple, red)]
    summary = training.create_image_tags(project.id, entries)
    assert [entry.tag_id for entry in summary.created] == [red.id]
    assert [entry.tag_id for entry in summary.duplicated] == [apple.id]
    assert summary.exceeded == []
    assert training.get_tag(project.id, red.id).image_count == 1


def test_create_image_tags_alone_leaves_one_tag_whoever_else_gives_one(training, service, project):
    image_id = training.create_images_from_data(project.id, picture("apple", 1)).images[0].image.id
    tags = [training.create_tag(project.id, name).id for name in ("apple", "leaf", "sky")]
    training.create_image_tags(project.id, [ImageTagCreateEntry(image_id=image_id, tag_id=tag) for tag in tags])

    def give(tag_id: str) -> int:
        body = {"tags": [{"imageId": image_id, "tagId": tag_id}]}
        return post(service, f"projects/{project.id}/images/tags?alone=true", body)[0]

    with ThreadPoolExecutor(2) as writers:
        for _ in range(8):
            assert list(writers.map(give, tags[:2])) == [200, 200]
            (mark,) = training.get_images_by_ids(project.id, [image_id])[0].tags
            assert mark.tag_id in tags[:2]
    assert give(tags[2]) == 200
    assert [training.get_tag(project.id, tag).image_count for tag in tags] == [0, 0, 1]


def test_create_image_tags_changes_nothing_when_it_refuses(training, project):
    apple = training.create_tag(project.id, "apple")
    none = training.create_tag(project.id, "none", type="Negative")
    summary = training.create_images_from_files(project.id, batch(picture("apple", 1), picture("apple", 2)))
    first, second = (result.image.id for result in summary.images)
    good = ImageTagCreateEntry(image_id=first, tag_id=apple.id)
    for bad, code in [
        (ImageTagCreateEntry(image_id=second, tag_id=str(uuid4())), "NotFoundTag"),
        (ImageTagCreateEntry(image_id=str(uuid4()), tag_id=apple.id), "NotFoundImage"),
        (ImageTagCreateEntry(image_id=first, tag_id=none.id), "BadRequestNegativeAndRegularTagOnSameImage"),
    ]:
        with refused(code):
            training.create_image_tags(project.id, [good, bad])
    assert training.get_tagged_image_count(project.id) == 0


def test_delete_image_tags(training, project):
    apple = upload(training, project.id, "apple", range(3))
    ids = [image.id for image in training.get_tagged_images(project.id)]
    training.delete_image_tags(project.id, ids[:2], [apple.id])
    assert training.get_tag(project.id, apple.id).image_count == 1
    assert {image.id for image in training.get_untagged_images(project.id)} == set(ids[:2])
    with refused("NotFoundTag"):
        training.delete_image_tags(project.id, ids, [str(uuid4())])


def test_delete_images(training, project, eventually):
    upload(training, project.id, "apple", range(4))
    pages = training.get_images(project.id)
    training.delete_images(project.id, image_ids=[image.id for image in pages[:1]])
    assert training.get_image_count(project.id) == 3
    training.delete_images(project.id, all_images=True)
    eventually(lambda: training.get_image_count(project.id) == 0)
    with refused("BadRequestRequiredParamIsNull"):
        training.delete_images(project.id)


def test_a_deleted_image_may_come_again(training, project):
    tag = upload(training, project.id, "apple", [1])
    training.delete_images(project.id, image_ids=[training.get_images(project.id)[0].id])
    summary = training.create_images_from_files(project.id, batch(picture("apple", 1), tag_ids=[tag.id]))
    assert statuses(summary) == ["OK"]
