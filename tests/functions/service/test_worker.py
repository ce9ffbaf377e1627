"""The platform's worker may bring an azure.functions of its own: the three apps run with an older one too."""

import sys
from pathlib import Path

from tests.environments import install
from tests.functions.service.calling import call_all, check_all

OLDEST = "1.24.0"


def test_every_function_answers_with_the_oldest_azure_functions(tmp_path):
    # What it needs is there already, at our versions.
    install(Path(sys.executable), "--target", str(tmp_path), "--no-deps", f"azure-functions=={OLDEST}", cwd=tmp_path)
    called = call_all(Path(sys.executable), tmp_path)
    assert called.version == OLDEST
    check_all(called)
