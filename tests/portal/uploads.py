"""Plain pictures, uploaded under their file names."""

import requests
from PIL import Image

from local.service import Service
from tests.pictures import encoded

AT_ONCE = 50


def plain(colour: str, number: int, size: tuple[int, int] = (96, 64)) -> bytes:
    """A picture of one colour; every number gives other bytes."""
    return encoded(Image.new("RGB", size, colour), comment=str(number).encode())


def add(service: Service, project_id: str, pictures: dict[str, bytes]) -> dict[str, str]:
    """The file names by the ids of the images."""
    found: dict[str, str] = {}
    url = f"{service.endpoint}/customvision/v3.3/training/projects/{project_id}/images?nameKey=filename"
    named = list(pictures.items())
    for start in range(0, len(named), AT_ONCE):
        files = [("imageData", each) for each in named[start : start + AT_ONCE]]
        answer = requests.post(url, files=files, headers={"Training-Key": service.training_key}, timeout=60)
        found |= {each["image"]["id"]: each["sourceUrl"] for each in answer.json()["images"]}
    assert len(found) == len(pictures)
    return found
