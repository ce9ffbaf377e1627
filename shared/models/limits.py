"""What one installation allows. The defaults stand at or above Custom Vision's S0 tier; its tiers are presets."""

import msgspec
from msgspec import Struct, structs

# The Functions host's, which no setting changes: of a line from the method to the line break, and of a body.
REQUEST_LINE_BYTES = 8 * 1024
BODY_BYTES = 100 * 1024 * 1024
ID_BYTES = 36


class Limits(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Counts are inclusive maxima; sizes are bytes; sides are pixels.

    Of rates and quotas, and of the days for which camera results are kept, 0 is without limit.
    """

    projects: int = 1_000
    images_per_project: int = 100_000
    tags_per_project: int = 500
    tags_per_image: int = 100
    regions_per_image: int = 300
    boxes_per_prediction: int = 300
    iterations_per_project: int = 100
    images_per_batch: int = 64
    blobs_per_batch: int = 1_000_000
    batches_under_way: int = 10
    tags_per_batch: int = 20
    regions_per_batch: int = 64
    tags_per_filter: int = 20
    ids_per_request: int = 256
    page_size: int = 256
    training_image_bytes: int = 6 * 1024 * 1024
    prediction_image_bytes: int = 4 * 1024 * 1024
    camera_image_bytes: int = 20 * 1024 * 1024
    image_side: int = 10_240
    image_aspect_ratio: float = 25.0
    metadata_pairs: int = 10
    metadata_key_length: int = 128
    metadata_value_length: int = 256
    images_per_tag: int = 5
    images_per_tag_detection: int = 15
    images_per_tag_draft: int = 5
    training_budget_hours: int = 24
    prediction_retention_days: int = 30
    camera_result_retention_days: int = 0
    calls_per_second: int = 0
    trainings_per_second: int = 0
    stored_predictions_per_second: int = 0
    unstored_predictions_per_second: int = 0
    predictions_per_month: int = 0


# What Microsoft publishes of its two tiers.
TIERS = {
    "F0": Limits(
        projects=2,
        images_per_project=5_000,
        tags_per_project=50,
        iterations_per_project=20,
        calls_per_second=10,
        trainings_per_second=2,
        stored_predictions_per_second=2,
        unstored_predictions_per_second=2,
        predictions_per_month=10_000,
    ),
    "S0": Limits(
        projects=100,
        iterations_per_project=20,
        calls_per_second=10,
        trainings_per_second=10,
        stored_predictions_per_second=10,
        unstored_predictions_per_second=20,
    ),
}


def read_limits(text: str) -> Limits:
    """From JSON such as {"tier": "S0", "projects": 200}: a tier, or else the defaults, with changes.

    Raises msgspec.ValidationError that names what does not fit.
    """
    try:
        return _limits(text)
    except msgspec.MsgspecError as error:
        raise msgspec.ValidationError(f"LIMITS does not fit: {error}") from None


def _limits(text: str) -> Limits:
    changes = msgspec.json.decode(text, type=dict[str, object])
    tier = changes.pop("tier", None)
    if tier is not None and str(tier) not in TIERS:
        raise msgspec.ValidationError(f"it names the tier {tier!r}; there are {', '.join(TIERS)}.")
    base = Limits() if tier is None else TIERS[str(tier)]
    given = {name: value for name, value in msgspec.to_builtins(base).items() if name not in changes}
    limits = msgspec.convert({**given, **changes}, Limits)
    negative = [name for name, value in structs.asdict(limits).items() if value < 0]
    if negative:
        raise msgspec.ValidationError(f"it sets {negative[0]} below 0.")
    return limits


def ids_in_line(rest: int, separator: int = 1) -> int:
    """How many ids of a list have room in a request line beside `rest` other bytes."""
    return max(0, (REQUEST_LINE_BYTES - rest + separator) // (ID_BYTES + separator))
