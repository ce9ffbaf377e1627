"""What the image screen computes, run in the browser: which box is meant, where it goes, where the picture lies."""

import pytest

from tests.portal.sides import box, near

REACH = {"x": 0.01, "y": 0.02}
PICTURE = {"width": 400, "height": 200}
FRAME = {"width": 848, "height": 448}


def keyed(key, *sides, tag="a"):
    return {"key": key, "tagId": tag, **box(*sides)}


@pytest.mark.parametrize(
    ("x", "y", "chosen", "wanted"),
    [
        (0.5, 0.5, "", ""),
        (0.205, 0.5, "", "outer"),
        (0.195, 0.5, "", "outer"),
        (0.18, 0.5, "", ""),
        # Both frames meet at the corner: the smaller one, then what lies under it, then the smaller one again.
        (0.2, 0.2, "", "inner"),
        (0.2, 0.2, "inner", "outer"),
        (0.2, 0.2, "outer", "inner"),
    ],
)
def test_a_frame_is_found_within_reach(run, x, y, chosen, wanted):
    boxes = [keyed("outer", 0.2, 0.2, 0.6, 0.6), keyed("inner", 0.2, 0.2, 0.1, 0.1)]
    found = run(
        "editing.frameUnder(boxes, at, reach, chosen)", boxes=boxes, at={"x": x, "y": y}, reach=REACH, chosen=chosen
    )
    assert found == wanted
    assert run("editing.frameUnder([], at, reach, '')", at={"x": x, "y": y}, reach=REACH) == ""


@pytest.mark.parametrize(
    ("pressed", "wanted", "shown"),
    [
        ("ArrowRight", (0.4025, 0.4, 0.2, 0.2), 1),
        ("Shift+ArrowUp", (0.4, 0.35, 0.2, 0.2), 1),
        ("Alt+ArrowDown", (0.4, 0.4, 0.2, 0.205), 1),
        ("Alt+Shift+ArrowLeft", (0.4, 0.4, 0.175, 0.2), 1),
        ("x", (0.4, 0.4, 0.2, 0.2), 1),
        # Shown at a quarter of its size a pixel of the screen is four of the picture; enlarged it is less than one.
        ("ArrowRight", (0.41, 0.4, 0.2, 0.2), 0.25),
        ("Alt+ArrowDown", (0.4, 0.4, 0.2, 0.22), 0.25),
        ("ArrowRight", (0.4025, 0.4, 0.2, 0.2), 8),
    ],
)
def test_arrows_move_and_size_by_pixels_that_are_seen(run, pressed, wanted, shown):
    size = {side: pixels * shown for side, pixels in PICTURE.items()}
    found = run("editing.arrowed(b, k, p, s)", b=box(0.4, 0.4, 0.2, 0.2), k=pressed, p=PICTURE, s=size)
    assert near(found, **box(*wanted))


def test_a_box_is_never_sized_to_nothing(run):
    found = run("editing.arrowed(b, 'Alt+Shift+ArrowLeft', p, p)", b=box(0.4, 0.4, 0.005, 0.2), p=PICTURE)
    assert found["width"] == pytest.approx(1 / 400)


def test_what_is_rounded_stays_within_the_picture(run):
    found = run("editing.rounded(b)", b=box(0.33333333, 0.5, 0.66666667, 0.50000001))
    assert near(found, **box(0.333333, 0.5, 0.666667, 0.5))
    assert found["left"] + found["width"] <= 1


@pytest.mark.parametrize(
    ("side", "value", "wanted"),
    [
        ("left", 0.7, (0.7, 0.4, 0.2, 0.2)),
        ("left", 9, (0.8, 0.4, 0.2, 0.2)),
        ("top", -1, (0.4, 0, 0.2, 0.2)),
        ("width", 9, (0.4, 0.4, 0.6, 0.2)),
        ("height", 0, (0.4, 0.4, 0.2, 1e-6)),
    ],
)
def test_a_side_is_typed(run, side, value, wanted):
    found = run("editing.withSide(b, side, value)", b=box(0.4, 0.4, 0.2, 0.2), side=side, value=value)
    assert near(found, **box(*wanted))


def test_exact_duplicates_are_passed_over(run):
    there = [keyed("1", 0.1, 0.1, 0.2, 0.2)]
    given = [
        keyed("2", 0.1, 0.1, 0.2, 0.2),
        keyed("3", 0.1, 0.1, 0.2, 0.2, tag="b"),
        keyed("4", 0.1, 0.1, 0.2, 0.2, tag="b"),
    ]
    assert [each["key"] for each in run("editing.fresh(given, there)", given=given, there=there)] == ["3"]
    assert run("editing.fresh([], there)", there=there) == []


def test_a_copy_lies_beside_its_box_and_within_the_picture(run):
    assert near(run("editing.beside(b)", b=box(0.1, 0.8, 0.2, 0.2)), **box(0.12, 0.78, 0.2, 0.2))


def test_of_suggestions_that_say_the_same_the_surest_is_left(run):
    seen = [
        {**keyed("1", 0.1, 0.1, 0.2, 0.2), "probability": 0.9},
        {**keyed("2", 0.11, 0.1, 0.2, 0.2, tag="b"), "probability": 0.8},
        {**keyed("3", 0.5, 0.5, 0.2, 0.2), "probability": 0.7},
        {**keyed("4", 0.7, 0.7, 0.2, 0.2), "probability": 0.4},
    ]
    drawn = [keyed("5", 0.5, 0.5, 0.2, 0.19, tag="c")]
    assert [each["key"] for each in run("editing.open(seen, [], 0.5)", seen=seen)] == ["1", "3"]
    assert [each["key"] for each in run("editing.open(seen, drawn, 0.5)", seen=seen, drawn=drawn)] == ["1"]


@pytest.mark.parametrize(("place", "wanted"), [(0.5, 0.4), (0.36, 0.2), (0.21, None), (0.9, None)])
def test_a_proposal_is_meant_in_its_inner_half(run, place, wanted):
    proposals = [box(0.2, 0.2, 0.6, 0.6), box(0.4, 0.4, 0.2, 0.2)]
    found = run("editing.proposed(proposals, [], at)", proposals=proposals, at={"x": place, "y": place})
    assert (found and found["left"]) == wanted
    assert run("editing.proposed(proposals, proposals, at)", proposals=proposals, at={"x": place, "y": place}) is None


def test_a_picture_fits_its_frame(run):
    found = run("zoom.placed(zoom.FIT, picture, frame)", picture=PICTURE, frame=FRAME)
    assert near(found, left=24, top=24, width=800, height=400)


@pytest.mark.parametrize("factor", [0.1, 1, 2, 5, 99])
def test_what_is_under_the_pointer_stays_there(run, factor):
    pointer = {"x": 300, "y": 200}
    expression = """(() => {
        const before = zoom.within(zoom.placed(zoom.FIT, picture, frame), pointer);
        const after = zoom.zoomed(zoom.FIT, picture, frame, pointer, factor);
        return [before, zoom.within(zoom.placed(after, picture, frame), pointer), after.factor];
    })()"""
    before, after, found = run(expression, picture=PICTURE, frame=FRAME, pointer=pointer, factor=factor)
    assert found == min(max(factor, 0.5), 32)
    # A picture that is smaller than its frame stays in the middle instead.
    if found > 1:
        assert near(after, **before)


def test_a_picture_is_not_pulled_out_of_sight(run):
    expression = "zoom.placed(zoom.panned({ ...zoom.FIT, factor: 4 }, picture, frame, 9e9, -9e9), picture, frame)"
    found = run(expression, picture=PICTURE, frame=FRAME)
    assert near(found, left=48, top=448 - 48 - 1600, width=3200, height=1600)
