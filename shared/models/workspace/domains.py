"""The domains of Custom Vision, with its own ids."""

from enum import StrEnum
from uuid import UUID

from shared.models.wire import Wire


class DomainType(StrEnum):
    CLASSIFICATION = "Classification"
    OBJECT_DETECTION = "ObjectDetection"


class ModelInformation(Wire, frozen=True):
    description: str
    estimated_model_size_in_megabytes: int | None = None


class Domain(Wire, frozen=True):
    """`exportable_flavors` are our own, None where a platform needs none named; other clients pass over them.

    What can be exported depends on what is installed, so DOMAINS says nothing of it.
    """

    id: UUID
    name: str
    type: DomainType
    exportable: bool = False
    enabled: bool = True
    exportable_platforms: list[str] = []
    model_information: ModelInformation | None = None
    exportable_flavors: dict[str, list[str | None]] = {}

    @property
    def compact(self) -> bool:
        return "(compact)" in self.name

    @property
    def first_generation(self) -> bool:
        """Of the compact domains before [S1]: consumers feed blue first, and decode the grid of a detector."""
        return self.compact and "[S1]" not in self.name


DETECTOR = ModelInformation("EfficientNet-Lite0 with an anchor-free detection head", 15)


def _classifier(id: str, name: str, backbone: str, megabytes: int, purpose: str) -> Domain:
    information = ModelInformation(f"{backbone}, with a linear head. {purpose}", megabytes)
    return Domain(UUID(id), name, DomainType.CLASSIFICATION, model_information=information)


def _detector(id: str, name: str) -> Domain:
    return Domain(UUID(id), name, DomainType.OBJECT_DETECTION, model_information=DETECTOR)


SMALL = ("EfficientNet-Lite0 at 288 pixels", 13)
MIDDLE = ("EfficientNet-Lite2 at 260 pixels", 19)
FINE = ("EfficientNet-Lite2 at 320 pixels", 19)
FINEST = ("EfficientNet-Lite2 at 384 pixels", 19)
EDGE = "Small, for the edge"

DOMAINS = {
    domain.id: domain
    for domain in [
        _classifier("ee85a74c-405e-4adc-bb47-ffa8ca0c9f31", "General", *MIDDLE, "For pictures of anything."),
        _classifier(
            "a8e3c40f-fb4a-466f-832a-5e457ae4a344",
            "General [A1]",
            *FINEST,
            "For small details; a prediction takes twice as long as by General.",
        ),
        _classifier("2e37d7fb-3a54-486a-b4d6-cfc369af0018", "General [A2]", *FINE, "Between General and General [A1]."),
        _classifier("c151d5b5-dd07-472a-acc8-15d29dea8518", "Food", *MIDDLE, "For dishes."),
        _classifier("ca455789-012d-4b50-9fec-5bb63841c793", "Landmarks", *FINE, "For sights, which fill the picture."),
        _classifier(
            "b30a91ae-e3c1-4f73-a81e-c270bff27c39", "Retail", *MIDDLE, "For products, which are in the middle."
        ),
        _classifier(
            "45badf75-3591-4f26-a705-45678d3e9f5f",
            "Adult",
            *MIDDLE,
            "To tell pictures for adults from others, by examples of yours.",
        ),
        _classifier("0732100f-1a38-4e49-a514-c9b44c697ab5", "General (compact)", *SMALL, EDGE + "."),
        _classifier("a1db07ca-a19a-4830-bae8-e004a42dc863", "General (compact) [S1]", *SMALL, EDGE + "."),
        _classifier("8882951b-82cd-4c32-970b-d5f8cb8bf6d7", "Food (compact)", *SMALL, EDGE + ": dishes."),
        _classifier("b5cfd229-2ac7-4b2b-8d0a-2b0661344894", "Landmarks (compact)", *SMALL, EDGE + ": sights."),
        _classifier("6b4faeda-8396-481b-9f8b-177b9fa3097f", "Retail (compact)", *SMALL, EDGE + ": products."),
        _detector("da2e3a8a-40a5-4171-82f4-58522f70fbc1", "General"),
        _detector("9c616dff-2e7d-ea11-af59-1866da359ce6", "General [A1]"),
        _detector("1d8ffafe-ec40-4fb2-8f90-72b3b6cecea4", "Logo"),
        _detector("3780a898-81c3-4516-81ae-3a139614e1f3", "Products on Shelves"),
        _detector("a27d5ca5-bb19-49d8-a70a-fec086c47f5b", "General (compact)"),
        _detector("7ec2ac80-887b-48a6-8df9-8b1357765430", "General (compact) [S1]"),
    ]
}
GENERAL = UUID("ee85a74c-405e-4adc-bb47-ffa8ca0c9f31")
LOGO = UUID("1d8ffafe-ec40-4fb2-8f90-72b3b6cecea4")
PRODUCTS_ON_SHELVES = UUID("3780a898-81c3-4516-81ae-3a139614e1f3")
