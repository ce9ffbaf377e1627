"""The portal's pure modules, run in the browser: geometry, history, curves, keys, batches; the empty case first."""

import pytest

from tests.portal.sides import box, near


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ((0.2, 0.3), (0.2, 0.3), box(0.2, 0.3, 0, 0)),
        ((0.2, 0.3), (0.6, 0.4), box(0.2, 0.3, 0.4, 0.1)),
        ((0.6, 0.4), (0.2, 0.3), box(0.2, 0.3, 0.4, 0.1)),
        ((-1, 0.5), (2, 3), box(0, 0.5, 1, 0.5)),
    ],
)
def test_a_box_lies_between_two_points(run, a, b, wanted):
    found = run("geometry.between(a, b)", a={"x": a[0], "y": a[1]}, b={"x": b[0], "y": b[1]})
    assert near(found, **wanted)


@pytest.mark.parametrize(
    ("dx", "dy", "left", "top"), [(0, 0, 0.4, 0.4), (0.1, -0.1, 0.5, 0.3), (9, 9, 0.8, 0.7), (-9, -9, 0, 0)]
)
def test_a_box_moves_within_the_picture(run, dx, dy, left, top):
    found = run("geometry.moved(b, dx, dy)", b=box(0.4, 0.4, 0.2, 0.3), dx=dx, dy=dy)
    assert near(found, **box(left, top, 0.2, 0.3))


@pytest.mark.parametrize(
    ("handle", "to", "wanted"),
    [
        ((1, 1), (0.6, 0.7), box(0.4, 0.4, 0.2, 0.3)),
        ((1, 1), (0.9, 0.5), box(0.4, 0.4, 0.5, 0.1)),
        ((-1, 0), (0.1, 0.9), box(0.1, 0.4, 0.5, 0.3)),
        # What crosses the other side flips.
        ((1, 0), (0.3, 0), box(0.3, 0.4, 0.1, 0.3)),
        ((0, -1), (0, 0.9), box(0.4, 0.7, 0.2, 0.2)),
        ((1, 1), (7, 7), box(0.4, 0.4, 0.6, 0.6)),
    ],
)
def test_a_handle_resizes(run, handle, to, wanted):
    given = {"b": box(0.4, 0.4, 0.2, 0.3), "h": {"x": handle[0], "y": handle[1]}, "to": {"x": to[0], "y": to[1]}}
    assert near(run("geometry.resized(b, h, to)", **given), **wanted)


@pytest.mark.parametrize(
    ("handle", "to", "wanted"),
    [
        ((1, 1), (0.8, 0.4), box(0.4, 0.4, 0.4, 0.6)),
        ((-1, -1), (0.5, 0.5), box(0.6 - 0.4 / 3, 0.5, 0.4 / 3, 0.2)),
        ((1, 1), (9, 9), box(0.4, 0.4, 0.4, 0.6)),
    ],
)
def test_proportions_are_kept(run, handle, to, wanted):
    given = {"b": box(0.4, 0.4, 0.2, 0.3), "h": {"x": handle[0], "y": handle[1]}, "to": {"x": to[0], "y": to[1]}}
    assert near(run("geometry.scaled(b, h, to)", **given), **wanted)


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        (box(0, 0, 0.5, 0.5), box(0.5, 0.5, 0.5, 0.5), 0),
        (box(0, 0, 0.5, 0.5), box(0, 0, 0.5, 0.5), 1),
        (box(0, 0, 0.4, 0.4), box(0.2, 0, 0.4, 0.4), 1 / 3),
    ],
)
def test_boxes_overlap(run, a, b, wanted):
    assert run("geometry.overlap(a, b)", a=a, b=b) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (box(100, 50, 100, 100), (212, 50)),
        (box(800, 500, 100, 100), (588, 400)),
        (box(100, 20, 800, 100), (100, 132)),
        (box(100, 500, 800, 90), (100, 288)),
        # There is no room beside it.
        (box(0, 0, 1000, 600), (788, 12)),
    ],
)
def test_what_asks_about_a_box_lies_beside_it(run, shown, wanted):
    size, frame = {"width": 200, "height": 200}, {"width": 1000, "height": 612}
    found = run("geometry.besides(b, s, f)", b=shown, s=size, f=frame)
    assert (found["x"], found["y"]) == wanted


def test_the_smallest_box_under_the_pointer_is_chosen_and_then_what_lies_under(run):
    boxes = [box(0, 0, 1, 1), box(0.4, 0.4, 0.2, 0.2), box(0.3, 0.3, 0.4, 0.4)]
    at = {"x": 0.5, "y": 0.5}
    assert run("geometry.under([], at)", at=at) == -1
    assert run("geometry.under(boxes, {x: 2, y: 2})", boxes=boxes) == -1
    assert [run("geometry.under(boxes, at, chosen)", boxes=boxes, at=at, chosen=each) for each in (-1, 1, 2, 0)] == [
        1, 2, 0, 1,
    ]  # fmt: skip


def test_what_is_under_the_pointer_stays_there_when_zooming(run):
    assert run("geometry.zoomedAt({x: 0, y: 0}, {x: 100, y: 50}, 1, 2)") == {"x": -100, "y": -50}


def test_history_goes_back_and_forth(run):
    step = {"label": "a", "redo": [1], "undo": [2]}
    assert run("history.undone(history.empty())") == {"past": [], "future": []}
    assert run("history.redone(history.empty())") == {"past": [], "future": []}
    assert run("history.undone(history.done(history.empty(), s))", s=step) == {"past": [], "future": [step]}
    assert run("history.redone(history.undone(history.done(history.empty(), s)))", s=step)["past"] == [step]
    # What was taken back is gone once something else is done.
    assert run("history.done(history.undone(history.done(history.empty(), s)), s)", s=step)["future"] == []
    many = "Array.from({length: 250}).reduce((h, _, i) => history.done(h, {label: i}), history.empty()).past"
    assert [each["label"] for each in run(many)] == list(range(50, 250))


CURVE = {"precision": [0.5, 0.8, None], "recall": [1, 0.6, 0]}


@pytest.mark.parametrize(
    ("threshold", "precision", "recall"), [(0, 0.5, 1), (0.49, 0.5, 1), (0.5, 0.8, 0.6), (1, None, 0), (7, None, 0)]
)
def test_rates_at_a_threshold(run, threshold, precision, recall):
    assert run("curves.at(c, t)", c=CURVE, t=threshold) == {"precision": precision, "recall": recall}


def test_curves_are_drawn_where_both_rates_are_known(run):
    nothing: dict[str, list[float]] = {"precision": [], "recall": []}
    assert run("curves.at(c, 0.5)", c=nothing) == {"precision": None, "recall": None}
    assert run("[curves.line(c), curves.best(c)]", c=nothing) == [[], 0]
    assert run("curves.line(c)", c=CURVE) == [[1, 0.5], [0.6, 0.8]]
    assert run("curves.best(c)", c=CURVE) == 0.5
    flat = {"precision": [1, 1, 1, 1, None], "recall": [0.5, 1, 1, 1, 0]}
    assert run("curves.best(c)", c=flat) == 0.5
    assert run("curves.f1({precision: 0, recall: 0})") == 0


def press(key, code="", **held):
    return {"key": key, "code": code, "ctrlKey": False, "metaKey": False, "shiftKey": False, "altKey": False, **held}


@pytest.mark.parametrize(
    ("pressed", "wanted"),
    [
        (press("1", "Digit1"), "1"),
        (press("&", "Digit1"), "1"),
        (press("End", "Numpad1"), "1"),
        (press("z", "KeyW", ctrlKey=True), "Ctrl+z"),
        (press("Z", "KeyZ", metaKey=True, shiftKey=True), "Ctrl+Shift+z"),
        (press("?", "Minus", shiftKey=True), "?"),
        (press(" ", "Space"), "Space"),
        (press("ArrowLeft", "ArrowLeft", altKey=True), "Alt+ArrowLeft"),
        (press("T", "KeyT"), "t"),
    ],
)
def test_presses_are_written_as_the_table_has_them(run, pressed, wanted):
    assert run("keys.combination(p)", p=pressed) == wanted


def test_no_key_means_two_things_at_one_place(run):
    pairs = [sorted(pair) for pair in run("keys.conflicts()")]
    assert pairs == []
    assert run("keys.conflicts({name: 'x'})") == [["name", "reject"]]


def test_every_key_of_the_table_is_found_and_shown(run):
    for row in run("keys.KEYS"):
        for place in row["places"]:
            at = "grid" if place == "everywhere" else place
            for key in row["keys"]:
                assert run("keys.actionOf(k, p)", k=key, p=at) == row["action"]
                assert run("keys.shown(k)", k=key)
    assert run("keys.actionOf('F7', 'grid')") is None
    assert run("keys.actionOf('7', 'grid', {name: 'n'})") == "tag"
    assert run("keys.actionOf('t', 'grid', {name: 'n'})") is None


def test_a_selection_is_some_or_all_but_some(run):
    assert run("selection.sizeOf(selection.NONE, 9)") == 0
    assert run("selection.sizeOf(selection.toggled(selection.NONE, 'a'), 9)") == 1
    assert run("selection.sizeOf(selection.toggled(selection.ALL, 'a'), 9)") == 8
    assert run("selection.isIn(selection.toggled(selection.ALL, 'a'), 'a')") is False
    assert run("selection.isIn(selection.withIds(selection.toggled(selection.ALL, 'a'), ['a']), 'a')") is True
    assert run("[...selection.withIds(selection.NONE, ['a', 'b', 'a']).ids]") == ["a", "b"]
    assert run("[...selection.withIds(selection.toggled(selection.NONE, 'a'), ['a'], false).ids]") == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("?status=Untagged", "?status=Untagged"),
        ("?status=none&order=Sideways", ""),
        ("?tags=a,b&order=Oldest", "?tags=a,b&order=Oldest"),
        ("?search=IMG%2004", "?search=IMG+04"),
    ],
)
def test_an_address_says_what_is_shown(run, text, written):
    assert run("query.writeQuery(query.readQuery(t))", t=text) == written


@pytest.mark.parametrize(
    ("asked", "tags", "fits"),
    [
        ("", [], True),
        ("?status=Untagged", [], True),
        ("?status=Untagged", ["a"], False),
        ("?status=Tagged", [], False),
        ("?tags=a,b", ["b"], True),
        ("?tags=a,b", ["c"], False),
    ],
)
def test_an_image_fits_what_was_asked_for(run, asked, tags, fits):
    assert run("query.matches(query.readQuery(asked), tags)", asked=asked, tags=tags) is fits


def test_a_quote_in_a_search_is_doubled(run):
    assert run("query.nameFilter('')") is None
    assert run('query.nameFilter("it\'s")') == "startswith(filename,'it''s')"


def tagging(kind, image, tag):
    return {"kind": kind, "imageId": image, "tagId": tag}


@pytest.mark.parametrize(
    ("waiting", "wanted"),
    [
        ([], []),
        ([("tag", 1, "a"), ("tag", 2, "b"), ("tag", 1, "b")], [0, 1, 2]),
        # In order for each image; others may pass.
        ([("tag", 1, "a"), ("untag", 1, "a"), ("tag", 1, "b"), ("tag", 2, "b")], [0, 3]),
        ([("untag", 1, "a"), ("untag", 2, "b"), ("untag", 3, "a")], [0, 2]),
        ([("tag", 1, "a"), ("tag", 1, "a")], [0]),
        ([("tag", each, "a") for each in range(80)], list(range(64))),
    ],
)
def test_what_goes_in_one_call(run, waiting, wanted):
    assert run("batches.batch(w)", w=[tagging(*each) for each in waiting]) == wanted


def image(*tags, regions=()):
    return {
        "id": "i",
        "tags": [{"tagId": tag, "tagName": tag, "created": ""} for tag in tags],
        "regions": [{"regionId": f"r{n}", "tagId": tag, **box(0, 0, n / 9, 1)} for n, tag in enumerate(regions, 1)],
    }


STEP = "(seen, each) => changes.applied(seen, each, (n) => n)"
RULES = {"multiclass": False, "negativeId": "none"}


@pytest.mark.parametrize(
    ("images", "tag", "rules", "wanted"),
    [
        ([], "a", {}, []),
        ([image()], "a", {}, ["tag a"]),
        ([image("a")], "a", {}, ["untag a"]),
        ([image("a"), image()], "a", {}, ["tag a"]),
        ([image("b")], "a", {}, ["tag a"]),
        ([image("a")], "a", {"multiclass": True}, ["untag a alone"]),
        ([image("b")], "a", {"multiclass": True}, ["untag b alone", "tag a alone"]),
        ([image("a", "b")], "c", {"multiclass": True}, ["untag a", "untag b", "tag c alone"]),
        ([image("none")], "a", {}, ["untag none", "tag a"]),
        ([image("a", "b")], "none", {}, ["untag a", "untag b", "tag none"]),
    ],
)
def test_what_giving_a_tag_does(run, images, tag, rules, wanted):
    changes = run("labelling.toggles(images, tag, rules)", images=images, tag=tag, rules={**RULES, **rules})
    said = [f"{change['kind']} {change['tagId']}{' alone' if 'alone' in change else ''}" for change in changes]
    assert said == wanted


def test_a_tag_that_goes_takes_its_boxes_and_comes_back_with_them(run):
    before = image("a", "b", regions=["a", "a", "b"])
    change = tagging("untag", "i", "a")
    after = run("changes.applied(i, c, (n) => n)", i=before, c=change)
    assert [tag["tagId"] for tag in after["tags"]] == ["b"]
    assert [region["regionId"] for region in after["regions"]] == ["r3"]
    back = run(f"changes.inverse(c, i).reduce({STEP}, a)", c=change, i=before, a=after)
    assert {region["regionId"] for region in back["regions"]} == {"r1", "r2", "r3"}
    assert {tag["tagId"] for tag in back["tags"]} == {"a", "b"}


def test_the_last_box_of_a_tag_takes_the_tag_with_it(run):
    apply = "changes.applied(i, {kind: 'unbox', imageId: 'i', box: changes.keyed(i.regions[0])}, (n) => n)"
    assert [tag["tagId"] for tag in run(apply, i=image("a", regions=["a", "a"]))["tags"]] == ["a"]
    assert run(apply, i=image("a", regions=["a"]))["tags"] == []


def test_metadata_comes_back_as_it_was(run):
    change = {"kind": "metadata", "imageId": "i", "values": {"k": "2", "new": "x"}}
    before = {"id": "i", "metadata": {"k": "1", "other": "o"}}
    after = run("changes.applied(i, c, (n) => n)", i=before, c=change)
    assert after["metadata"] == {"k": "2", "other": "o", "new": "x"}
    back = run("changes.inverse(c, i)[0].values", c=change, i=before)
    assert back == {"k": "1", "new": None}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", ["pear", "apple", "pineapple", "green apple"]),
        ("apple", ["apple", "green apple", "pineapple"]),
        ("P", ["pear", "pineapple", "apple", "green apple"]),
        ("grap", ["green apple"]),
        ("x", []),
    ],
)
def test_names_are_found_by_some_letters(run, typed, wanted):
    names = [{"name": name} for name in ("pear", "apple", "pineapple", "green apple")]
    assert [each["name"] for each in run("names.found(typed, all)", typed=typed, all=names)] == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("", ""), ("scratches", "scratches"), ("defect class 07", "defe…ss 07"), ("defect class 08", "defe…ss 08")],
)
def test_names_that_begin_alike_are_told_apart_where_they_are_cut(run, name, wanted):
    assert run("names.short(name, 10)", name=name) == wanted


@pytest.mark.parametrize(("total", "rows"), [(0, 0), (1, 1), (6, 1), (7, 2), (100_000, 16_667)])
def test_cells_fill_their_rows(run, total, rows):
    at = run("layout.layout(1000, 150, total)", total=total)
    assert (at["columns"], at["rows"]) == (6, rows)
    assert at["cell"] * 6 + 6 * 5 + 24 == pytest.approx(1000)
    first, last = run("layout.visible(at, 0, 500, total)", at=at, total=total)
    assert (first, last) == (0, min(total, 30))


def test_a_narrow_window_has_one_column_or_two(run):
    assert run("layout.layout(50, 150, 3).columns") == 1
    assert run("layout.layout(0, 150, 3).columns") == 1
    assert run("layout.layout(260, 150, 3).columns") == 2
    assert run("layout.layout(420, 150, 3).columns") == 2


def test_a_rectangle_touches_cells(run):
    at = run("layout.layout(1000, 150, 20)")
    assert run("layout.within(at, {left: 0, top: 0, right: 1, bottom: 1}, 20)", at=at) == []
    assert run("layout.within(at, {left: 0, top: 0, right: 13, bottom: 13}, 20)", at=at) == [0]
    assert run("layout.within(at, {left: 170, top: 0, right: 400, bottom: 180}, 20)", at=at) == [0, 1, 2, 6, 7, 8]
    assert run("layout.within(at, {left: -50, top: 5000, right: 9000, bottom: 9000}, 20)", at=at) == []


@pytest.mark.parametrize(
    ("head", "kind"),
    [([], ""), ([0xFF, 0xD8, 0xFF, 0xE0], "jpeg"), ([0x89, 0x50, 0x4E, 0x47], "png"), ([0x25, 0x50], "")],
)
def test_pictures_are_known_by_their_first_bytes(run, head, kind):
    assert run("uploading.kindOf(new Uint8Array(head))", head=head) == kind


SURE, DOUBTFUL = ({"tagId": tag, "probability": p} for tag, p in (("pear", 0.9), ("fig", 0.6)))
NOTHING_THERE = {"tagId": "none", "probability": 0.7, "tagType": "Negative"}
BOXED = SURE | {"boundingBox": box(-0.1, 0.5, 0.3, 0.7)}
BESIDE = DOUBTFUL | {"boundingBox": box(1.2, 0.5, 0.3, 0.2)}


@pytest.mark.parametrize(
    ("predictions", "kind", "threshold", "tag_id", "wanted"),
    [
        ([], "Multilabel", 0, "", []),
        ([DOUBTFUL, SURE], "Multiclass", 0.5, "", ["pear"]),
        ([DOUBTFUL, SURE], "Multiclass", 0.5, "fig", []),
        ([DOUBTFUL, SURE], "Multiclass", 0.95, "", []),
        ([DOUBTFUL, SURE], "Multilabel", 0.6, "", ["pear", "fig"]),
        ([DOUBTFUL, SURE, NOTHING_THERE], "Multilabel", 0.5, "", ["pear", "fig"]),
        ([DOUBTFUL, NOTHING_THERE], "Multilabel", 0.5, "", ["none"]),
        ([BESIDE, BOXED, BOXED], "Detector", 0.7, "", ["pear", "pear"]),
    ],
)
def test_what_counts_of_what_is_said(run, predictions, kind, threshold, tag_id, wanted):
    found = run("judged.said(p, kind, threshold, tagId)", p=predictions, kind=kind, threshold=threshold, tagId=tag_id)
    assert [each["tagId"] for each in found] == wanted


def test_boxes_that_are_accepted_lie_within_the_picture(run):
    image = {"id": "i", "tags": [], "regions": []}
    rules = {"multiclass": False}
    [change] = run("judged.accepting(i, p, r, () => 'new-1')", i=image, p=[BOXED, BESIDE], r=rules)
    assert (change["kind"], change["box"]["key"], change["box"]["tagId"]) == ("box", "new-1", "pear")
    assert change["box"] == pytest.approx({"key": "new-1", "tagId": "pear", **box(0, 0.5, 0.2, 0.5)})
    assert run("judged.accepting(i, [], r, () => '')", i=image, r=rules) == []


def test_a_picture_that_goes_into_the_training_has_its_labels(run):
    assert run("judged.labelled([], 'Multiclass')") == {"tagIds": []}
    assert run("judged.labelled(p, 'Multilabel')", p=[SURE, DOUBTFUL]) == {"tagIds": ["pear", "fig"]}
    assert run("judged.labelled(p, 'Multiclass', 'plum')", p=[SURE]) == {"tagIds": ["plum"]}
    [region] = run("judged.labelled(p, 'Detector', 'plum')", p=[BOXED, BESIDE])["regions"]
    assert region == pytest.approx({"tagId": "plum", **box(0, 0.5, 0.2, 0.5)})


@pytest.mark.parametrize(
    "search", ["", "?order=Oldest&days=7&tag=a&low=0.2&high=0.8", "?iteration=a&application=gate+1"]
)
def test_what_is_shown_of_predictions_stands_in_the_address(run, search):
    assert run("predicting.writePredicting(predicting.readPredicting(s))", s=search) == search


def test_a_query_of_predictions_is_what_the_service_takes(run):
    asked = run("predicting.tokenOf(predicting.readPredicting(s), 86400000)", s="?days=1&tag=a&low=0.2")
    assert asked == {
        "orderBy": "Suggested",
        "startTime": "1970-01-01T00:00:00.000Z",
        "tags": [{"id": "a", "minThreshold": 0.2, "maxThreshold": 1}],
    }


@pytest.mark.parametrize(
    "search", ["?suggested=last", "?suggested=i&tag=a&threshold=0.35", "?suggested=live&show=unsure&tag=a"]
)
def test_which_suggestions_are_shown_stands_in_the_address(run, search):
    assert run("suggesting.readSuggesting('?status=Tagged')") is None
    assert run("suggesting.writeSuggesting(suggesting.readSuggesting(s))", s=search) == search


@pytest.mark.parametrize(
    ("threshold", "higher", "lower"),
    [(0, 0.05, 0), (0.8, 0.85, 0.75), (0.82, 0.85, 0.8), (0.95, 0.99, 0.9), (0.99, 0.99, 0.95), (1, 0.99, 0.95)],
)
def test_a_key_takes_the_threshold_to_the_next_five_per_cent(run, threshold, higher, lower):
    assert run("suggesting.stepped(t, 1)", t=threshold) == higher
    assert run("suggesting.stepped(t, -1)", t=threshold) == lower


def test_the_surest_of_what_is_said_is_that_of_a_tag_where_one_is_meant(run):
    said = [{"tagId": "a", "probability": 0.3}, {"tagId": "b", "probability": 0.6}, {"tagId": "a", "probability": 0.4}]
    assert run("judged.surest([])") == 0
    assert run("judged.surest(s)", s=said) == 0.6
    assert run("judged.surest(s, 'a')", s=said) == 0.4


def test_a_camera_in_azure_is_told_its_account(run):
    place = {"projectId": "p", "publishName": "gate", "camera": "c", "origin": "https://st1.blob.core.windows.net"}
    assert "--account-name st1 " in run("cameras.shell(t)", t=place)
    assert 'ContainerClient("https://st1.blob.core.windows.net", "uploads"' in run("cameras.python(t)", t=place)
    assert "p/gate/c/0001.jpg" in run("cameras.python(t)", t=place)
