"""What was said of images that were drawn at random."""

from collections.abc import Sequence
from uuid import uuid4

from shared.storage.account.store import Store
from shared.storage.training import draws
from shared.storage.training.draws import Draw


def test_of_those_who_change_them_at_once_nobody_undoes_what_another_did(store: Store) -> None:
    project_id = uuid4()
    mine, other = (Draw(uuid4(), [uuid4()], at) for at in range(2))
    seen: list[int] = []

    def changed(before: Sequence[Draw]) -> list[Draw]:
        seen.append(len(before))
        if len(seen) == 1:
            draws.change(store, project_id, lambda held: [*held, other])
        return [*before, mine]

    assert draws.get(store, project_id) == []
    assert draws.change(store, project_id, changed) == [other, mine]
    assert seen == [0, 1]
    assert draws.get(store, project_id) == [other, mine]
    assert draws.get(store, uuid4()) == []
