"""The arithmetic of counts by tags and metadata: whatever detail is given up, what is left is exact."""

from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from shared.models.filters import Combination, Comparison, Condition
from shared.models.images import ImageRecord, TaggingStatus
from shared.storage.account import rows
from shared.storage.workspace.counts import Counts
from shared.storage.workspace.selection import Selection
from shared.storage.workspace.tally import Tally, digest, weight, without
from tests.storage.making import record

TAGS = [uuid5(UUID(int=0), str(number)) for number in range(6)]
KEYS = {"shift": 2, "line": 6, "file": 100}


def described(tag_ids: frozenset[UUID], values: dict[str, int]) -> ImageRecord:
    return record(tag_ids, metadata={key: str(value) for key, value in values.items()})


def joined(parts: list[Condition], every: bool) -> Condition:
    return Combination(tuple(parts), every)


values = st.fixed_dictionaries({}, optional={key: st.integers(0, most - 1) for key, most in KEYS.items()})
images = st.builds(described, st.frozensets(st.sampled_from(TAGS), max_size=4), values)
comparisons = st.builds(Comparison, st.sampled_from([*KEYS, "none"]), st.integers(0, 6).map(str), st.booleans())
filters = st.recursive(
    comparisons,
    lambda some: st.builds(joined, st.lists(some, min_size=2, max_size=3), st.booleans()),
    max_leaves=5,
)
tag_sets = st.frozensets(st.sampled_from(TAGS), max_size=3)
quick = settings(deadline=None, database=None, max_examples=300)


def folded(made: list[ImageRecord], gone: list[ImageRecord], length: int, every: int) -> Tally:
    """Images that came, of which some went again, folded into a base of that length now and then."""
    base, deltas = list[str](), list[str]()
    changes = [*((image, 1) for image in made), *((image, -1) for image in gone)]
    for at, (image, sign) in enumerate(changes):
        deltas.append(rows.encode({name: sign * value for name, value in weight(image).items()}))
        if at % every == 0:
            base, deltas = [Tally.read([*base, *deltas]).encode(length)], []
    return Tally.read([*base, *deltas])


@quick
@given(
    made=st.lists(images, max_size=60),
    left=st.integers(0, 60),
    length=st.sampled_from([100, 500, 1_000, 2_000, 100_000]),
    every=st.integers(1, 20),
    status=st.sampled_from(TaggingStatus),
    tag_ids=tag_sets,
    dead=tag_sets,
    keep=filters,
)
def test_counts_are_those_of_the_images_whatever_was_given_up(
    made: list[ImageRecord],
    left: int,
    length: int,
    every: int,
    status: TaggingStatus,
    tag_ids: frozenset[UUID],
    dead: frozenset[UUID],
    keep: Condition,
) -> None:
    kept, counted = made[:left], Counts.of(folded(made, made[left:], length, every))
    assert counted.images == len(kept)
    assert counted.tagged == sum(1 for image in kept if image.tags)
    assert counted.per_tag == {tag: n for tag in TAGS if (n := sum(1 for image in kept if tag in image.tag_ids))}
    assert counted.several in (None, sum(1 for image in kept if len(image.tags) > 1))
    wanted = Selection(status, tag_ids, keep, dead - tag_ids)
    bare = structs.replace(wanted, keep=None)
    assert bare.number(counted) in (None, sum(map(bare, kept)))
    number, pairs = wanted.number(counted), wanted.uncounted(counted)
    indexed = [image for image in kept if not pairs or set(pairs) & image.metadata.items()]
    assert number is None or number + sum(wanted.gained(indexed, pairs).values()) == sum(map(wanted, kept))
    assert number is not None or (counted.kinds and counted.kinds.apart)
    anchor = wanted.anchor(counted)
    assert all(anchor & image.metadata.items() for image in kept if anchor and wanted(image))


def test_the_key_with_the_most_values_is_given_up_first_and_others_stay_counted() -> None:
    made = [described(frozenset(TAGS[:1]), {"shift": at % 2, "file": at}) for at in range(60)]
    counted = Counts.of(folded(made, [], 1_000, 1))
    assert counted.kinds is not None
    assert counted.kinds.uncounted == {digest("file")}
    assert not counted.kinds.apart
    assert len(counted.kinds.numbers) == 2
    assert counted.kinds.having([("shift", "0")]) == 30


def test_what_leaves_out_uncounted_keys_adds_the_same() -> None:
    made = [described(frozenset(TAGS[: at % 3]), {"shift": at % 2, "file": at}) for at in range(60)]
    base = folded(made, [], 1_000, 1).encode(1_000)
    old, new = (described(frozenset(TAGS[:2]), {"line": 1, "file": number}) for number in (7, 8))
    names = weight(new) | {next(reversed(weight(old))): -1}
    short = without(names, {digest("file")})
    assert short == {"images": 1}
    assert Counts.of(Tally.read([base, rows.encode(names)])) == Counts.of(Tally.read([base, rows.encode(short)]))


def test_tags_are_counted_apart_from_metadata_where_their_sets_are_too_many() -> None:
    sets = [frozenset(tag for at, tag in enumerate(TAGS) if number >> at & 1) for number in range(64)]
    made = [described(tag_ids, {"line": line}) for tag_ids in sets for line in range(3)]
    counted = Counts.of(folded(made, [], 1_500, 1))
    assert counted.sets is not None
    assert counted.kinds is not None
    assert counted.kinds.apart
    assert not counted.kinds.uncounted
    assert sorted(counted.kinds.numbers.values()) == [1, 1, 1, 63, 63, 63]
