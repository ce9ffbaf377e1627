"""The grammar of `$filter`, and what it means."""

import pytest

from shared.errors import BadRequest
from shared.models.workspace.filters import DEPTH, Beginning, Pair, parse


def holds(text: str, metadata: dict[str, str]) -> bool:
    def has(wanted: Pair | Beginning) -> bool:
        return (
            any(map(wanted.covers, metadata.items())) if isinstance(wanted, Beginning) else wanted in metadata.items()
        )

    return parse(text).over(has)


NOTHING: dict[str, str] = {}
LINE_7 = {"line": "7", "shift": "night"}
LINE_8 = {"line": "8", "odd key": "it's"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("line eq '7'", [LINE_7]),
        ("line ne '7'", [NOTHING, LINE_8]),
        ("LINE eq '7'", []),
        ("line EQ '7' Or line eq '8'", [LINE_7, LINE_8]),
        ("line eq '7' and shift eq 'day'", []),
        ("line eq '8' or line eq '7' and shift eq 'day'", [LINE_8]),
        ("(line eq '8' or line eq '7') and shift ne 'night'", [LINE_8]),
        ("((line eq '7'))and(shift eq 'night')", [LINE_7]),
        ("'odd key' eq 'it''s'", [LINE_8]),
        ("line ne '' and shift ne ''", [NOTHING, LINE_7, LINE_8]),
        ("and ne 'x' and or ne 'y'", [NOTHING, LINE_7, LINE_8]),
        ("startswith(shift,'ni')", [LINE_7]),
        ("StartsWith( shift , 'night' )", [LINE_7]),
        ("startswith(shift,'Ni')", []),
        ("startswith(shift,'nights')", []),
        ("startswith(shift,'')", [LINE_7]),
        ("startswith('odd key', 'it''s')", [LINE_8]),
        ("(startswith(line,'8') or startswith(shift,'n')) and line ne '8'", [LINE_7]),
        ("startswith ne 'x'", [NOTHING, LINE_7, LINE_8]),
    ],
)
def test_a_filter_keeps(text: str, matches: list[dict[str, str]]) -> None:
    assert [metadata for metadata in (NOTHING, LINE_7, LINE_8) if holds(text, metadata)] == matches


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "character 1, the end: expected a key"),
        ("line", "character 5, the end: expected 'eq' or 'ne'"),
        ("line = '7'", "character 6, = '7'"),
        ("startswith(shift 'n')", "expected a comma and a value in single quotes"),
        ("startswith(,'n')", "character 12, ,'n'): expected a key"),
        ("startswith(shift,n)", "expected a comma and a value in single quotes"),
        ("startswith(shift,'n'", "character 21, the end: expected ')'"),
        ("startswith(shift,'n') eq true", "expected 'and', 'or' or the end"),
        ("endswith(shift,'n')", "character 9, (shift,'n'): expected 'eq' or 'ne'"),
        ("metadata=line eq '7'", "character 9"),
        ("line gt '7'", "character 6, gt '7': expected 'eq' or 'ne'"),
        ("line eq 7", "character 9, 7: expected a value in single quotes"),
        ("line eq '7", "character 9"),
        ("line eq '7' line eq '8'", "character 13, line eq '8': expected 'and', 'or' or the end"),
        ("(line eq '7'", "expected 'and', 'or' or ')'"),
        ("line eq '7')", "character 12, )"),
        ("line eq '7' and", "character 16, the end: expected a key"),
        ("(" * (DEPTH + 1) + "a eq 'b'" + ")" * (DEPTH + 1), f"at most {DEPTH} parentheses"),
        ("a eq '" + "x" * 2_000 + "'", "at most 2,000 are allowed"),
    ],
)
def test_a_filter_that_can_not_be_read_says_where(text: str, fault: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(text)
    assert fault in caught.value.message


def test_the_longest_filter_is_read() -> None:
    deep = "(" * DEPTH + "a eq 'b'" + ")" * DEPTH
    wide = " or ".join(["a eq 'b'"] * 160)
    assert holds(deep, {"a": "b"})
    assert holds(wide, {"a": "b"})


def test_filters_that_mean_the_same_are_the_same() -> None:
    same = {parse("a eq 'b' and c ne 'd'"), parse("(a EQ 'b')  AND ('c' ne 'd')")}
    assert len(same) == 1
    assert len(same | {parse("a eq 'b' or c ne 'd'"), parse("a ne 'b' and c ne 'd'")}) == 3
