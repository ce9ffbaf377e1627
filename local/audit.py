"""The audit trail of some days, a JSON line for each record: `python -m local.audit`, with the service's settings."""

import argparse
import sys
from datetime import date, timedelta

import msgspec

from shared.models.wire import now
from shared.settings import Settings
from shared.storage.account import audit
from shared.storage.account.store import Store


def main(argv: list[str]) -> int:
    today = now().date()
    parser = argparse.ArgumentParser(prog="python -m local.audit", description=__doc__)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=today, metavar="DAY", help="today")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=today, metavar="DAY", help="today")
    parser.add_argument("--project", default="", metavar="ID", help="only what concerns this project")
    options = parser.parse_args(argv)
    store = Store.open(Settings.read())
    for number in range((options.last - options.first).days + 1):
        for record in audit.read(store, options.first + timedelta(days=number)):
            if options.project in ("", record.subject.get("projectId")):
                print(msgspec.json.encode(record).decode())
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
