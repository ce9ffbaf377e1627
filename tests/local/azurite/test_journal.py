"""What Azurite answered for outlives SIGKILL, whenever it comes: rows, transactions, blobs with content, messages."""

import os
import random
import subprocess
import time
from collections import defaultdict
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
from azure.core.exceptions import AzureError
from azure.data.tables import TableClient, UpdateMode
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from local.azurite import ROOT, Azurite, find_node
from tests.local.azurite.plain import Plain
from tests.waiting import wait_for

NAMES = 40
BATCH = 10
DATABASE = "__azurite_db_table__.json"


class Rows:
    """Each thing is a row."""

    def __init__(self, azurite: Azurite, place: str) -> None:
        self.table = TableClient.from_connection_string(azurite.connection_string, f"rows{place}", retry_total=0)

    def create(self) -> None:
        self.table.create_table()

    def put(self, name: str, text: str) -> None:
        self.table.upsert_entity({"PartitionKey": "thing", "RowKey": name, "text": text}, UpdateMode.REPLACE)

    def drop(self, name: str) -> None:
        self.table.delete_entity("thing", name)

    def all(self) -> dict[str, str]:
        return {str(row["RowKey"]): str(row["text"]) for row in self.table.list_entities()}


class Batches(Rows):
    """Each thing is ten rows, changed in one transaction; `torn` is one of which a part was changed."""

    def __init__(self, azurite: Azurite, place: str) -> None:
        super().__init__(azurite, f"{place}batches")

    def put(self, name: str, text: str) -> None:
        rows = [{"PartitionKey": name, "RowKey": str(number), "text": text} for number in range(BATCH)]
        self.table.submit_transaction([("upsert", row, {"mode": UpdateMode.REPLACE}) for row in rows])

    def drop(self, name: str) -> None:
        rows = [{"PartitionKey": name, "RowKey": str(number)} for number in range(BATCH)]
        self.table.submit_transaction([("delete", row) for row in rows])

    def all(self) -> dict[str, str]:
        texts = defaultdict(list)
        for row in self.table.list_entities():
            texts[str(row["PartitionKey"])].append(str(row["text"]))
        return {name: found[0] if found == found[:1] * BATCH else "torn" for name, found in texts.items()}


class Blobs:
    """Each thing is a blob."""

    def __init__(self, azurite: Azurite, place: str) -> None:
        connection = azurite.connection_string
        self.container = ContainerClient.from_connection_string(connection, f"blobs{place}", retry_total=0)

    def create(self) -> None:
        self.container.create_container()

    def put(self, name: str, text: str) -> None:
        self.container.upload_blob(name, text, overwrite=True)

    def drop(self, name: str) -> None:
        self.container.delete_blob(name)

    def all(self) -> dict[str, str]:
        names = list(self.container.list_blob_names())
        return {name: self.container.download_blob(name).readall().decode() for name in names}


class Messages:
    """Each thing is a message."""

    def __init__(self, azurite: Azurite, place: str) -> None:
        self.queue = QueueClient.from_connection_string(azurite.connection_string, f"messages{place}", retry_total=0)
        self.receipts: dict[str, tuple[str, str | None]] = {}

    def create(self) -> None:
        self.queue.create_queue()

    def put(self, name: str, text: str) -> None:
        content = f"{name} {text}"
        if receipt := self.receipts.get(name):
            message = self.queue.update_message(*receipt, content=content, visibility_timeout=0)
        else:
            message = self.queue.send_message(content)
        self.receipts[name] = (message.id, message.pop_receipt)

    def drop(self, name: str) -> None:
        self.queue.delete_message(*self.receipts[name])
        del self.receipts[name]

    def all(self) -> dict[str, str]:
        time.sleep(1)  # until what was received before can be received again
        messages = self.queue.receive_messages(messages_per_page=32, visibility_timeout=1)
        return dict(str(message.content).split(" ", 1) for message in messages)


KINDS = (Rows, Batches, Blobs, Messages)


class Writer(Thread):
    """Makes, replaces and removes things until Azurite is gone, and knows which changes it was told of."""

    def __init__(self, things: Rows | Blobs | Messages, number: int) -> None:
        super().__init__()
        self.things, self.number = things, number
        self.known: dict[str, str | None] = {}
        self.cut: dict[str, str | None] = {}

    def run(self) -> None:
        for turn in count():
            name = f"{self.number}-{random.randrange(NAMES)}"
            self.cut = {name: None if self.known.get(name) and turn % 3 == 0 else f"{turn} " + "x" * 900}
            try:
                self.change(name, self.cut[name])
            except AzureError:
                return
            self.known |= self.cut
            self.cut = {}

    def change(self, name: str, text: str | None) -> None:
        if text is None:
            self.things.drop(name)
        else:
            self.things.put(name, text)

    def check(self, all_found: dict[str, str]) -> None:
        """Each thing is as last told, save for one change that was cut off, which may have happened or not."""
        found = {name: text for name, text in all_found.items() if name.startswith(f"{self.number}-")}
        for name in {*self.known, *found}:
            told, cut = self.known.get(name), self.cut.get(name, self.known.get(name))
            assert found.get(name) in (told, cut), f"{type(self.things).__name__} {name}"


def check(writers: list[Writer]) -> None:
    for things in {writer.things for writer in writers}:
        found = things.all()
        for writer in writers:
            if writer.things is things:
                writer.check(found)


def write_until_killed(azurite: Azurite, place: str, seconds: float) -> list[Writer]:
    """Eight writers at work, and then a kill."""
    things = [kind(azurite, place) for kind in KINDS]
    for kind in things:
        kind.create()
    writers = [Writer(things[number % len(things)], number) for number in range(8)]
    for writer in writers:
        writer.start()
    time.sleep(seconds)
    wait_for(lambda: all(len(writer.known) > 2 for writer in writers))
    azurite.kill()
    for writer in writers:
        writer.join()
        assert len(writer.known) > 2
    return writers


def seed(azurite: Azurite, hundreds: int) -> TableClient:
    """A table that makes the database some MB large."""
    table = TableClient.from_connection_string(azurite.connection_string, "seed", retry_total=0)
    table.create_table()
    for partition in range(hundreds):
        rows = [{"PartitionKey": f"{partition}", "RowKey": f"{row}", "text": "x" * 1000} for row in range(100)]
        table.submit_transaction([("create", row) for row in rows])
    return table


def test_kills_lose_nothing(tmp_path: Path) -> None:
    azurite = Azurite(tmp_path)
    azurite.start()
    table = seed(azurite, 30)
    writers = []
    for place in range(3):
        latest = write_until_killed(azurite, str(place), random.uniform(1, 2))
        writers += latest
        azurite.launch()
        time.sleep(random.uniform(0, 1))
        azurite.kill()
        azurite.start()
        check(latest)
    azurite.stop()
    azurite.start()
    check(writers)
    assert len(list(table.list_entities(select=["RowKey"]))) == 3000
    azurite.stop()


def put_until_saved(rows: Rows, folder: Path) -> int:
    """Put rows 0, 1, ... until a save begins, which starts a segment; the last one's number."""
    segments = set(folder.glob(f"{DATABASE}.journal.*"))
    for number in range(100):
        rows.put(f"{number}", "1")
        if set(folder.glob(f"{DATABASE}.journal.*")) - segments:
            return number
        time.sleep(0.1)
    pytest.fail("no save began")


def test_a_kill_during_a_save_loses_nothing(tmp_path: Path) -> None:
    azurite = Azurite(tmp_path)
    azurite.start()
    rows = Rows(azurite, "")
    rows.create()
    rows.put("before", "1")
    rows.put("gone", "1")
    # LokiJS writes this file and renames it. A pipe that nobody reads makes it wait for ever.
    os.mkfifo(tmp_path / f"{DATABASE}~")
    number = put_until_saved(rows, tmp_path)
    rows.drop("gone")
    rows.put("before", "2")
    azurite.kill()
    (tmp_path / f"{DATABASE}~").unlink()
    azurite.start()
    assert rows.all() == {"before": "2"} | {str(earlier): "1" for earlier in range(number + 1)}
    azurite.stop()


def test_segments_of_before_the_last_save_and_a_torn_line_are_ignored(tmp_path: Path) -> None:
    azurite = Azurite(tmp_path)
    azurite.start()
    rows = Rows(azurite, "")
    rows.create()
    rows.put("one", "1")
    azurite.kill()
    (segment,) = tmp_path.glob(f"{DATABASE}.journal.*")
    old = segment.read_bytes()
    segment.write_bytes(old + old.splitlines()[-1][:-20])
    azurite.start()
    assert rows.all() == {"one": "1"}
    rows.drop("one")
    later = {str(number): "1" for number in range(put_until_saved(rows, tmp_path) + 1)}
    wait_for(lambda: not segment.exists())
    azurite.stop()
    # As if it had been killed when the save was in place and the segment not yet removed.
    segment.write_bytes(old)
    azurite.start()
    assert rows.all() == later
    assert not segment.exists()
    azurite.kill()
    (tmp_path / DATABASE).unlink()
    azurite.start()
    rows.create()
    assert rows.all() == {}
    azurite.stop()


def test_a_kill_after_the_first_start_on_the_file_of_a_plain_azurite_loses_nothing(tmp_path: Path) -> None:
    for azurite, name in ((Plain(tmp_path), "plain"), (Azurite(tmp_path), "ours"), (Azurite(tmp_path), "again")):
        azurite.start()
        rows = Rows(azurite, "")
        if name == "plain":
            rows.create()
        rows.put(name, "1")
        if name == "plain":
            azurite.stop()
        else:
            azurite.kill()
    azurite.start()
    assert rows.all() == {"plain": "1", "ours": "1", "again": "1"}
    azurite.stop()


def test_another_azurite_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"version": "3.99.0"}')
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    script = f"require('{ROOT}/local/azurite/journal.cjs').install('{tmp_path}/dist/src/azurite.js')"
    refused = subprocess.run([find_node(), "-e", script], capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "is written for azurite 3.37.0, not 3.99.0" in refused.stderr
