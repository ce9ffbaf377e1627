"""Which model answers for a published name: pointers that are kept fresh, and loaded models shared between them."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from uuid import UUID

import msgspec
from azure.core.exceptions import AzureError

from shared.errors import IterationNotFound, NotFound, ServiceError, ServiceUnavailable
from shared.models.serving.predictions import Pointer
from shared.prediction.cache import ModelCache
from shared.prediction.model import Model
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.serving import published

Clock = Callable[[], float]

# A pointer this young is used as it is; an older one is looked at aside, while requests go on with what it said.
FRESH_SECONDS = 1.0
# A pointer this old may not be used before it was looked at: a published change is served within this time.
STALE_SECONDS = 2.0
# How long a request waits for storage when it has a model to go on with.
PATIENCE_SECONDS = 2.0
LOAD_PATIENCE_SECONDS = 10.0
NAMES_KEPT = 10_000
# A pointer that may have changed while its model was loaded is looked at again, this often.
TURNS = 5

log = logging.getLogger(__name__)


class _Name:
    """What is known of one published name."""

    def __init__(self) -> None:
        self.pointer: Pointer | None = None
        self.etag = ""
        self.looked_at = float("-inf")
        self.outage = False
        self.loading = False
        self.look: Future[None] | None = None

    def switch(self, pointer: Pointer | None, etag: str, looked_at: float) -> None:
        self.pointer, self.etag = pointer, etag
        self.confirm(looked_at)

    def confirm(self, looked_at: float) -> None:
        self.looked_at, self.outage = looked_at, False


class Sessions:
    """Safe to share between threads; open one a process."""

    def __init__(self, store: Store, settings: Settings, clock: Clock = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._models = ModelCache(settings.model_memory_mb * 2**20, clock)
        self._names: dict[tuple[UUID, str], _Name] = {}
        self._lock = Lock()
        self._looks = ThreadPoolExecutor(16, "published")

    def published(self, project_id: UUID, name: str) -> tuple[Model, Pointer]:
        """What answers for a name now. Raises IterationNotFound, PredictionModelUnreadable, ServiceUnavailable."""
        pointer = self._pointer(project_id, name)
        try:
            return self.iteration(project_id, pointer.iteration_id), pointer
        except IterationNotFound:
            # Dropped from memory, then unpublished and deleted since we looked.
            pointer = self._pointer(project_id, name, renew=True)
            return self.iteration(project_id, pointer.iteration_id), pointer

    def iteration(self, project_id: UUID, iteration_id: UUID) -> Model:
        """The model of an iteration, published or not. Raises as `published` does."""
        key = project_id, iteration_id
        return self._models.get(key, lambda: model_of(self._store, self._settings, *key))

    def close(self) -> None:
        self._looks.shutdown(wait=True, cancel_futures=True)

    def _pointer(self, project_id: UUID, name: str, renew: bool = False) -> Pointer:
        known = self._known(project_id, name)
        age = self._clock() - known.looked_at
        if renew or age >= FRESH_SECONDS:
            look = self._look_aside(known, project_id, name)
            if renew or known.pointer is None or (age >= STALE_SECONDS and not known.outage):
                self._await(look, known, name)
        # Read once: another thread may see it unpublished at any moment.
        pointer = known.pointer
        if pointer is None:
            raise IterationNotFound(
                f"Invalid iteration: nothing is published under '{name}' in this project; "
                "publish an iteration under this name."
            )
        return pointer

    def _known(self, project_id: UUID, name: str) -> _Name:
        key = project_id, name
        with self._lock:
            if key not in self._names and len(self._names) >= NAMES_KEPT:
                # Names that somebody made up, most likely.
                self._names = {key: known for key, known in self._names.items() if known.pointer}
            return self._names.setdefault(key, _Name())

    def _await(self, look: "Future[None]", known: _Name, name: str) -> None:
        if known.pointer is None:
            return look.result()
        wait([look], PATIENCE_SECONDS)
        if known.loading:
            wait([look], LOAD_PATIENCE_SECONDS)
        if look.done():
            return look.result()
        log.warning("Storage is slow; serving '%s' as last seen.", name)
        known.outage = True
        return None

    def _look_aside(self, known: _Name, project_id: UUID, name: str) -> "Future[None]":
        """The look that is going on, or a new one: never two at once for a name, however many requests ask."""
        with self._lock:
            if known.look is None:
                known.look = self._looks.submit(self._look, known, project_id, name)
            return known.look

    def _look(self, known: _Name, project_id: UUID, name: str) -> None:
        try:
            self._renew(known, project_id, name)
        except (ServiceError, AzureError, msgspec.DecodeError) as error:
            if known.pointer is None:
                raise
            # A name that served goes on with the model it has: storage, or a newly published model, is at fault.
            log.error("Serving '%s' of project %s as last seen: %s", name, project_id, error)
            known.looked_at, known.outage = self._clock(), isinstance(error, ServiceUnavailable | AzureError)
        finally:
            known.loading = False
            with self._lock:
                known.look = None

    def _renew(self, known: _Name, project_id: UUID, name: str) -> None:
        """Bring `known` up to date. The new model is loaded and warm before the name switches to it."""
        missing: IterationNotFound | None = None
        for _ in range(TURNS):
            started = self._clock()
            try:
                found = self._read(known, project_id, name)
            except IterationNotFound:
                return known.switch(None, "", started)
            if found is None:
                return known.confirm(started)
            try:
                known.loading = True
                self.iteration(project_id, found[0].iteration_id)
            except IterationNotFound as error:
                # Unpublished and deleted between the two reads: the next look at the pointer tells.
                missing = error
                continue
            known.switch(*found, started)
            missing = None
            # While a large model was loaded, another may have been published.
            if self._clock() - started < FRESH_SECONDS:
                return None
        if missing:
            raise missing
        return None

    def _read(self, known: _Name, project_id: UUID, name: str) -> tuple[Pointer, str] | None:
        if known.pointer is None:
            return published.get(self._store, project_id, name)
        return published.get_if_changed(self._store, project_id, name, known.etag)


def model_of(store: Store, settings: Settings, project_id: UUID, iteration_id: UUID) -> Model:
    """Raises IterationNotFound, PredictionModelUnreadable."""
    try:
        description = blobs.model_read(store, project_id, iteration_id, "model.json")
        graph = blobs.model_read(store, project_id, iteration_id, "model.onnx")
    except NotFound:
        raise IterationNotFound(f"Iteration {iteration_id} has no model; train it, or name another one.") from None
    return Model.load(graph, description, settings.inference_threads, settings.limits.boxes_per_prediction)
