"""What the copy before has, looked through in order while the next one is taken."""

from pathlib import Path
from uuid import uuid4

from shared.models.wire import now
from shared.operations.backup.taking import Former
from shared.operations.backup.vault import BlobLine, Copy, Vault
from shared.storage.account.shelves import FolderShelf
from shared.storage.account.store import Container

PLACES: list[tuple[Container, str]] = [
    ("published", "z"), ("images", "a"), ("images", "b"), ("images", "d"), ("models", "a"), ("predictions", "a"),
]  # fmt: skip


def test_the_former_copy_is_found_in_its_order(tmp_path: Path) -> None:
    vault, project_id = Vault(FolderShelf(tmp_path)), uuid4()
    with vault.writing(project_id, now()) as write:
        for container, name in PLACES:
            write(BlobLine(container, name, "", "00" * 32, ""))
    wanted: list[tuple[Container, str]] = [
        ("published", "a"), ("images", "a"), ("images", "c"), ("images", "d"), ("models", "b"), ("predictions", "a"),
        ("predictions", "b"),
    ]  # fmt: skip
    former = Former(vault, project_id)
    found = [former.find(container, name) for container, name in wanted]
    assert [line and (line.container, line.name) for line in found] == [
        place if place in PLACES else None for place in wanted
    ]


def test_of_a_damaged_one_all_is_copied_anew(tmp_path: Path) -> None:
    vault, project_id = Vault(FolderShelf(tmp_path)), uuid4()
    assert Former(vault, project_id).find("images", "a") is None
    (tmp_path / "projects" / str(project_id)).mkdir(parents=True)
    (tmp_path / Copy(project_id, "20260101T000000Z.jsonl.gz").path).write_bytes(b"no copy")
    assert Former(vault, project_id).find("images", "a") is None
