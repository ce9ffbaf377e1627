"""What one installation allows. The defaults stand at or above Custom Vision's S0 tier."""

from msgspec import Struct


class Limits(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Counts are inclusive maxima; sizes are bytes; sides are pixels."""

    projects: int = 1_000
    images_per_project: int = 100_000
    tags_per_project: int = 500
    tags_per_image: int = 100
    regions_per_image: int = 300
    iterations_per_project: int = 100
    images_per_batch: int = 64
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
    prediction_retention_days: int = 30
