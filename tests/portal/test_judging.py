"""The pure modules of training and performance, in the browser: what is lacking, looks, tables, verdicts, samples."""

import pytest


def tag(name, count, kind="Regular"):
    return {"id": name, "name": name, "imageCount": count, "type": kind}


@pytest.mark.parametrize(
    ("tags", "lacks"),
    [
        ([], []),
        ([tag("a", 5), tag("b", 6)], []),
        ([tag("a", 0), tag("b", 4), tag("c", 5)], [("b", 1), ("a", 5)]),
    ],
)
def test_tags_with_too_few_images_lack_some(run, tags, lacks):
    found = run("training.lacking(tags, {detector: false, least: 5})", tags=tags)
    assert [(each["tag"]["name"], each["missing"]) for each in found] == lacks


@pytest.mark.parametrize(
    ("tags", "detector", "said"),
    [
        ([], False, "A classifier tells at least two tags apart."),
        ([tag("a", 9)], False, "A classifier tells at least two tags apart."),
        ([tag("a", 9), tag("n", 9, "Negative")], False, ""),
        ([], True, "Draw boxes of at least one tag."),
        ([tag("a", 9)], True, ""),
        ([tag("a", 9), tag("n", 9, "Negative")], True, "A detector has no negative tag: delete n"),
    ],
)
def test_what_keeps_tags_from_being_trained(run, tags, detector, said):
    found = run("training.obstacle(tags, {detector, least: 5})", tags=tags, detector=detector)
    assert found.startswith(said) if said else found == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_times_of_training_are_read_by_people(run, seconds, text):
    assert run("training.lasting(s)", s=seconds) == text


@pytest.mark.parametrize(
    ("trained_at", "minutes", "wanted"),
    [
        ("2026-01-01T10:00:04.2Z", 1, "4 s"),
        ("2026-01-01T10:01:35Z", 2, "95 s"),
        ("2026-01-01T10:02:40Z", 3, "3 min"),
        ("2026-01-01T11:05:00Z", 65, "1 h 5 min"),
        # Trained elsewhere, and brought in long after, or before.
        ("2026-01-09T10:00:00Z", 7, "7 min"),
        ("2020-01-01T10:00:00Z", 7, "7 min"),
        (None, 1, "60 s"),
    ],
)
def test_a_short_training_took_seconds(run, trained_at, minutes, wanted):
    iteration = {"created": "2026-01-01T10:00:00Z", "trainedAt": trained_at, "trainingTimeInMinutes": minutes}
    assert run("training.lasting(training.took(i))", i=iteration) == wanted


@pytest.mark.parametrize(("learned", "wanted"), [(0, 10), (10, 20), (20, 40), (80, 100), (100, 125), (1000, 1250)])
def test_a_detector_trains_again_where_there_is_enough_to_learn(run, learned, wanted):
    assert run("training.nextAt(n)", n=learned) == wanted


@pytest.mark.parametrize(
    ("written", "look"),
    [
        ("", {"threshold": 0.5, "overlap": 0.3, "tag": "", "cell": None}),
        ("?threshold=0.61&tag=t", {"threshold": 0.61, "overlap": 0.3, "tag": "t", "cell": None}),
        (
            "?overlap=0&truth=a&said=none",
            {"threshold": 0.5, "overlap": 0, "tag": "", "cell": {"truth": "a", "said": "none"}},
        ),
        ("?wrong=true", {"threshold": 0.5, "overlap": 0.3, "tag": "", "cell": {"wrong": True}}),
    ],
)
def test_a_look_stands_in_the_address(run, written, look):
    assert run("judging.readLook(t)", t=written) == look
    assert run("judging.writeLook(look)", look=look) == written


@pytest.mark.parametrize("text", ["?threshold=2", "?threshold=x&overlap=-1", "?wrong=no", "?threshold="])
def test_what_no_look_can_be_is_as_usual(run, text):
    assert run("judging.readLook(t)", t=text) == run("judging.USUAL")


def row(name, precision, truths=1):
    return {"id": name, "name": name, "precision": precision, "recall": 1, "averagePrecision": None, "truths": truths}


def test_rows_are_sorted_and_what_is_unknown_comes_last(run):
    rows = [row("b", 0.5), row("a10", None), row("a9", 0.9)]
    names = "judging.sorted(rows, column, down).map(({name}) => name)"
    assert run(names, rows=[], column="name", down=False) == []
    assert run(names, rows=rows, column="name", down=False) == ["a9", "a10", "b"]
    assert run(names, rows=rows, column="precision", down=False) == ["b", "a9", "a10"]
    assert run(names, rows=rows, column="precision", down=True) == ["a9", "b", "a10"]
    assert run(names, rows=rows, column="averagePrecision", down=True) == ["a9", "a10", "b"]


def test_the_most_confused_tags_are_shown(run):
    cells = [[9, 0, 0, 0], [0, 9, 0, 1], [2, 0, 9, 0], [0, 0, 0, 0]]
    assert run("judging.confused([], 2)") == []
    assert run("judging.confused([[0]], 2)") == []
    assert run("judging.confused(c, 3)", c=cells) == [0, 1, 2]
    assert run("judging.confused(c, 2)", c=cells) == [0, 2]
    assert run("judging.mistakesOf({tags: [], cells: c})", c=cells) == 3


IMAGE = {
    "tags": [{"tagId": "a"}],
    "predictions": [{"tagId": "b", "probability": 0.6}, {"tagId": "a", "probability": 0.3}],
}


@pytest.mark.parametrize(
    ("cell", "threshold", "truths", "said"),
    [
        ({"wrong": True}, 0.5, ["a"], "b"),
        ({"wrong": True}, 0.7, ["a"], None),
        ({"truth": "a", "said": "b"}, 0.5, ["a"], "b"),
        ({"truth": "a", "said": "a"}, 0.2, ["a"], "a"),
        ({"truth": "a", "said": "none"}, 0.5, ["a"], None),
        ({"truth": "none", "said": "b"}, 0.5, [], "b"),
        ({"truth": "a"}, 0.7, ["a"], None),
    ],
)
def test_what_was_said_of_an_image_of_a_cell(run, cell, threshold, truths, said):
    found = run("judging.verdict(i, cell, t)", i=IMAGE, cell=cell, t=threshold)
    assert (found["truths"], found["said"] and found["said"]["tagId"]) == (truths, said)


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0, "0.0 %"), (0.9166, "91.7 %"), (1, "100.0 %")])
def test_parts_are_per_cent(run, value, text):
    assert run("judging.percent(v)", v=value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "±0.0"), (0.012, "+1.2"), (-0.5, "−50.0")])
def test_differences_are_points(run, value, text):
    assert run("judging.points(v)", v=value) == text


@pytest.mark.parametrize(
    ("origin", "endpoint"),
    [
        ("http://127.0.0.1:7071", "http://127.0.0.1:7071"),
        ("https://func-training-abc.azurewebsites.net", "https://func-prediction-abc.azurewebsites.net"),
        ("https://vision.example", "https://vision.example"),
    ],
)
def test_predictions_are_asked_for_where_they_are_answered(run, origin, endpoint):
    assert run("samples.predictionEndpoint(o)", o=origin) == endpoint


def test_samples_are_filled_in(run):
    published = {"endpoint": "http://h", "projectId": "p", "name": "a b", "detector": True}
    assert run("samples.addressOf(p, 'url')", p=published).endswith("/Prediction/p/detect/iterations/a%20b/url")
    assert 'predictor.detect_image("p", "a b", picture)' in run("samples.python(p)", p=published)
    assert "http://h/customvision/v3.1/Prediction/p/detect" in run("samples.curl(p)", p=published)


FORK = {"regionId": "r1", "tagId": "fork", "left": 0.1, "top": 0.1, "width": 0.4, "height": 0.4}
KNIFE = {"regionId": "r2", "tagId": "knife", "left": 0.6, "top": 0.6, "width": 0.2, "height": 0.2}


def said_box(tag, probability, region):
    box = {side: region[side] for side in ("left", "top", "width", "height")}
    return {"tagId": tag, "probability": probability, "boundingBox": box}


@pytest.mark.parametrize(
    ("regions", "predictions", "cell", "given", "changes"),
    [
        # Nothing was said, and there is no box or there are two of it: none is meant.
        ([], [], {"truth": "fork", "said": "none"}, "knife", []),
        ([FORK, FORK | {"regionId": "r3"}], [], {"truth": "fork", "said": "none"}, "knife", []),
        ([FORK], [], {"truth": "fork", "said": "none"}, "knife", [("box", "new", "knife"), ("unbox", "r1", "fork")]),
        # The box under what was said is meant, whatever else is there.
        (
            [KNIFE, FORK],
            [said_box("knife", 0.9, FORK)],
            {"truth": "fork", "said": "knife"},
            "knife",
            [("box", "new", "knife"), ("unbox", "r1", "fork")],
        ),
        ([FORK], [said_box("knife", 0.9, FORK)], {"truth": "fork", "said": "knife"}, "fork", []),
        # Where something was said of a place without a box, it gets one.
        (
            [FORK],
            [said_box("knife", 0.9, KNIFE)],
            {"truth": "none", "said": "knife"},
            "knife",
            [("box", "new", "knife")],
        ),
    ],
)
def test_the_box_that_a_cell_is_about_gets_a_tag(run, regions, predictions, cell, given, changes):
    image = {"tags": [{"tagId": each["tagId"]} for each in regions], "predictions": predictions}
    found = run(
        "mending.mended(image, now, cell, 0.5, 0.3, given, 'new')",
        image=image,
        now={"id": "i", "regions": regions},
        cell=cell,
        given=given,
    )
    assert [(each["kind"], each["box"]["key"], each["box"]["tagId"]) for each in found] == changes


def compared(name, before, after):
    rates = [each if each is None else {"precision": each, "recall": 1} for each in (before, after)]
    return {"id": name, "name": name, "a": rates[0], "b": rates[1]}


def test_what_lost_most_comes_first(run):
    names = "comparing.byLoss(d).map(({name}) => name)"
    assert run(names, d=[]) == []
    deltas = [compared("new", None, 0.9), compared("better", 0.1, 0.9), compared("worse", 0.9, 0.1)]
    assert run(names, d=deltas) == ["worse", "new", "better"]


@pytest.mark.parametrize(
    ("written", "pair"),
    [
        ("?a=1&b=2", {"a": "1", "b": "2", "threshold": 0.5}),
        ("?a=1&b=2&threshold=0.7", {"a": "1", "b": "2", "threshold": 0.7}),
        ("?a=1&b=2&threshold=0", {"a": "1", "b": "2", "threshold": 0}),
    ],
)
def test_a_comparison_stands_in_the_address(run, written, pair):
    assert run("comparing.readPair(t)", t=written) == pair
    assert run("comparing.writePair(p)", p=pair) == written
    assert run("comparing.readPair('?threshold=7')") == {"a": "", "b": "", "threshold": 0.5}


def test_a_headline_names_the_threshold_and_the_best_one_where_that_is_better(run):
    curve = {"precision": [0.5, 1, 1], "recall": [1, 1, 0.25]}
    told = run("judging.headline({overall: c}, false)", c={"precision": [0.5, 0.9, 1], "recall": [1, 0.2, 0.1]})
    assert told == (
        "On images that it did not learn from: precision 90.0 % and recall 20.0 % at the threshold 0.50;"
        " at its best balance precision 50.0 % and recall 100.0 % at the threshold 0.00."
    )
    told = run("judging.headline({overall: c}, true)", c=curve)
    usual = "precision 100.0 % and recall 100.0 % at the threshold 0.50"
    assert told == f"On images that it may have learned from: {usual}."
