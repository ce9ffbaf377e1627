"""What people name on the command line: by id or by name, and never the wrong one."""

from collections.abc import Sequence
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from cli import naming
from cli.faults import CommandError

IDS = [UUID(int=number) for number in range(1, 6)]


def projects(*names: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(id=str(each), name=name) for each, name in zip(IDS, names, strict=False)]


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        ((), "bench", None),
        (("bench", "board"), "board", 2),
        (("bench", "board"), "BOARD", 2),
        (("Bench", "bench"), "bench", 2),
        (("bench", "board"), str(IDS[0]), 1),
        (("bench", "board"), IDS[1].hex.upper(), 2),
        (("bench", str(IDS[0])), str(IDS[0]), 1),
        (("bench",), str(IDS[4]), None),
    ],
    ids=["none", "by name", "in any case", "as written first", "by id", "an id of another spelling",
         "an id before a name", "an id of none"],
)  # fmt: skip
def test_one_is_found(names: Sequence[str], wanted: str, found: int | None):
    there = naming.find(projects(*names), wanted)
    assert (there and there.id) == (found and str(UUID(int=found)))


def test_a_name_of_several_lists_their_ids():
    with pytest.raises(CommandError, match=f"several are called 'bench'; name one by its id: {IDS[0]}, {IDS[2]}."):
        naming.find(projects("bench", "board", "bench"), "bench")


def test_a_published_name_comes_before_a_name():
    iterations = [
        SimpleNamespace(id=IDS[0], name="live", publish_name=None),
        SimpleNamespace(id=IDS[1], name="Iteration 2", publish_name="live"),
    ]
    assert naming.require(iterations, "live", "iteration", naming.OF_ITERATION).id == IDS[1]


@pytest.mark.parametrize(
    ("names", "hint", "says"),
    [
        ((), "", "there is no project 'bench'; there are none."),
        (("board",), "", f"there is no project 'bench'; there are 'board' ({IDS[0]})."),
        (("board",), naming.LISTED, "there is no project 'bench'; `ocellus projects` lists those that there are."),
    ],
)
def test_what_there_is_is_said_where_there_is_no_such(names: Sequence[str], hint: str, says: str):
    with pytest.raises(CommandError) as refused:
        naming.require(projects(*names), "bench", "project", hint=hint)
    assert str(refused.value) == says


def test_an_id_is_taken_without_a_question():
    given = uuid4()
    assert naming.project_id(str(given), lambda: pytest.fail("nobody has to be asked")) == given
    assert naming.project_id("board", lambda: projects("bench", "board")) == IDS[1]
