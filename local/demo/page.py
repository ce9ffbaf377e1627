"""A page that shows what a detector found: one HTML file with all its pictures within."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path

from shared.imaging.decode import decode
from shared.imaging.drawing import DRAWN_PROBABILITY, draw_predictions
from shared.imaging.resize import jpeg, shrink
from shared.models.serving.predictions import Prediction

SIDE = 640
MOST = 60
HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>What the detector found</title>
<style>
body { font: 15px system-ui, sans-serif; margin: 2em; background: #f4f4f2; color: #222 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(20em, 1fr)); gap: 1.5em }
figure { margin: 0 } img { width: 100% } .wrong { color: #b00020 }
</style>
<h1>What the detector found</h1><main>
"""


def write(path: Path, shown: Sequence[tuple[Path, list[str], list[Prediction]]]) -> None:
    """Of each picture its file, the tags of what is on it in truth, and the predictions; the first `MOST` pictures."""
    path.write_text(HEAD + "\n".join(_figure(*each) for each in shown[:MOST]) + "\n</main></html>\n")


def _figure(path: Path, tags: list[str], predictions: list[Prediction]) -> str:
    drawn = jpeg(draw_predictions(shrink(decode(path.read_bytes()), SIDE), predictions))
    found = sorted(each.tag_name for each in predictions if each.probability >= DRAWN_PROBABILITY)
    said = f"{_listed(found)}" if found == tags else f'<span class="wrong">{_listed(found)}; is {_listed(tags)}</span>'
    image = f'<img alt="" src="data:image/jpeg;base64,{b64encode(drawn).decode()}">'
    return f"<figure>{image}<figcaption>{escape(path.name)}: {said}</figcaption></figure>"


def _listed(tags: list[str]) -> str:
    return escape(", ".join(tags) or "nothing")
