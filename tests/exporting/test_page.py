"""A classifier and a detector on a page, in Chromium: TensorFlow.js loads both from a web site."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from shared.exporting import tfjs
from shared.exporting.subject import Subject
from shared.imaging.resize import model_picture, preprocess
from shared.settings import ROOT
from tests.exporting.agreement import Answers, agree
from tests.exporting.consumers import array
from tests.exporting.making import size_of
from tests.pictures import encoded
from tests.web import Web

PACKAGES = ROOT / "node_modules" / "@tensorflow"
PAGE = """<!doctype html><meta charset=utf-8><title>TensorFlow.js</title>
<script src=tfjs-core/dist/tf-core.min.js></script>
<script src=tfjs-converter/dist/tf-converter.min.js></script>
<script src=tfjs-backend-wasm/dist/tf-backend-wasm.min.js></script>
<script>
  async function predict(folder, pictures) {
    tf.wasm.setWasmPaths('tfjs-backend-wasm/dist/')
    await tf.setBackend('wasm')
    const model = await tf.loadGraphModel(`${folder}/model.json`)
    return Promise.all(pictures.map((picture) => answer(model, picture)))
  }
  async function answer(model, source) {
    const image = new Image()
    image.src = source
    await image.decode()
    const red = tf.browser.fromPixels(image)
    const fed = model.metadata['Image.BitmapPixelFormat'] === 'Rgb8' ? red : tf.reverse(red, -1)
    const names = model.outputs.map((output) => output.name.replace(':0', ''))
    const run = names.length > 1 ? 'executeAsync' : 'execute'
    const tensors = [await model[run]({ Placeholder: tf.cast(tf.expandDims(fed), 'float32') }, names)].flat()
    const told = tensors.map(async (tensor, at) => {
      return [names[at], { shape: tensor.shape, dtype: tensor.dtype, values: [...(await tensor.data())] }]
    })
    return Object.fromEntries(await Promise.all(told))
  }
</script>
"""
KINDS = ["multiclass", "boxes"]


@pytest.fixture
def site(web: Web, subjects: Mapping[str, Subject]) -> str:
    """What serves the page beside TensorFlow.js and the models."""
    web.pages["/page/"] = PAGE.encode()
    for path in PACKAGES.glob("*/dist/*"):
        if path.suffix in (".js", ".wasm"):
            web.pages[f"/page/{path.relative_to(PACKAGES)}"] = path.read_bytes()
    for kind in KINDS:
        web.pages |= {f"/page/{kind}/{name}": data for name, data in tfjs.files(subjects[kind]).items()}
    return f"{web.address}/page/"


def test_models_on_a_page_answer_as_the_served_graphs(
    web: Web,
    site: str,
    browser: Browser,
    subjects: Mapping[str, Subject],
    served: Mapping[str, Answers],
    photographs: Sequence[bytes],
) -> None:
    """Of pictures that are as large as the model's input, as browsers shrink them in ways of their own."""
    page = browser.new_page()
    page.goto(site)
    for kind in KINDS:
        pictures = [web.serve(shrunk(data, subjects[kind])) for data in photographs[::3]]
        told = page.evaluate("([kind, pictures]) => predict(kind, pictures)", [kind, pictures])
        agree(served[kind][::3], [{name: array(**each) for name, each in answer.items()} for answer in told])
    page.close()


def shrunk(data: bytes, subject: Subject) -> bytes:
    """Without a loss."""
    size = size_of(subject.model)
    pixels = preprocess(model_picture(data, size), size)[0].transpose(1, 2, 0)
    return encoded(Image.fromarray(pixels.astype(np.uint8)), "PNG")
