"""The app as the Functions worker sees it: its functions, their names, and what SERVICES leaves out."""

import logging
import subprocess
import sys
from functools import cache

import pytest
from azure.functions import FunctionApp

from function_app import app, build
from local.host.functions import check
from shared.settings import ROOT
from shared.storage.account import blobs

QUICKSTART = {
    "training_create_project", "training_create_tag", "training_create_images_from_files", "training_train_project",
    "training_get_iteration", "training_publish_iteration", "training_unpublish_iteration", "training_delete_project",
    "prediction_classify_image", "prediction_classify_image_url_with_no_store", "camera_preprocess", "camera_predict",
}  # fmt: skip


def names(app: FunctionApp) -> set[str | None]:
    # get_functions takes a second call for duplicates.
    app.functions_bindings = None
    return {function.get_function_name() for function in app.get_functions()}


def test_the_worker_would_take_every_function():
    assert check(app) == []
    assert names(app) >= QUICKSTART


def test_services_choose_what_is_served():
    assert names(build("camera")) == {
        "camera_preprocess",
        "camera_predict",
        "camera_reject_poison",
        "camera_batch",
        "camera_tidy",
    }


def test_what_serves_an_api_describes_it():
    assert "openapi" in names(build("prediction")) & names(build("training,camera"))


def test_an_unknown_service_is_named():
    with pytest.raises(ValueError, match="'portal'"):
        build("training,portal")


def test_requests_to_storage_are_not_logged_one_by_one(store, caplog):
    # The worker logs from INFO on.
    caplog.set_level(logging.INFO)
    assert blobs.read(store, "models", "not there") is None
    assert not [record for record in caplog.records if record.name.startswith("azure.")]


@pytest.mark.parametrize(
    ("services", "absent"),
    [
        ("training,prediction,camera", "torch"),
        ("training,prediction,camera", "jwt"),
        ("training,prediction,camera", "onnx"),
        ("training,prediction,camera", "coremltools"),
        ("prediction", "shared.storage.workspace.images"),
        ("prediction", "azure.identity"),
    ],
)
def test_the_app_does_not_import_what_it_does_not_need(services, absent):
    assert "function_app" in imported(services)
    assert absent not in imported(services)


@cache
def imported(services: str) -> set[str]:
    """The modules of a process that has imported the app."""
    code = "import sys, function_app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"SERVICES": services}, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


DECODERS = """
import sys, msgspec, function_app
known, called = [msgspec.Struct], set()
for kind in known:
    known.extend(kind.__subclasses__())
sys.setprofile(lambda frame, event, argument: called.add(frame.f_code.co_name))
for kind in known[1:]:
    msgspec.json.Decoder(kind)
sys.setprofile(None)
print(len(known), "get_class_annotations" in called)
"""


def test_no_thread_finds_a_type_that_another_one_prepares_for_decoding():
    """Else the first two requests of a process may kill it: what annotations say has been read before either."""
    done = subprocess.run(
        [sys.executable, "-c", DECODERS],
        cwd=ROOT,
        env={"SERVICES": "training"},
        capture_output=True,
        text=True,
        check=True,
    )
    count, read = done.stdout.split()
    assert int(count) > 100
    assert read == "False"
