// Runs the exported model in a browser, where `tf` is TensorFlow.js: `const predict = await load('..')`, and then
// `await predict(file)` answers labels and probabilities, of a detector with boxes, the most probable first. Boxes are
// fractions of the picture: left, top, width, height.

// The service leaves out boxes below this, and those that a better one of their tag overlaps by more than that.
const LEAST = 0.01
const OVERLAP = 0.5
// Of a raw grid: width and height in cells.
const ANCHORS = [[0.573, 0.677], [1.87, 2.06], [3.34, 5.47], [7.88, 3.53], [9.77, 9.17]]

export async function load(folder) {
  await tf.setBackend('wasm')
  const labels = (await (await fetch(`${folder}/labels.txt`)).text()).split('\n')
  const model = await tf.loadGraphModel(`${folder}/model.json`)
  const names = model.outputs.map((output) => output.name.replace(/:0$/, ''))
  return async (file) => {
    const input = await pixels(file, model)
    // Of a detector it is told only by running how many boxes there are.
    const run = names.length > 1 ? 'executeAsync' : 'execute'
    const tensors = [await model[run](input, names)].flat()
    const values = Object.fromEntries(names.map((name, place) => [name, tensors[place]]))
    const found = predictions(values, labels).sort((one, other) => other.probability - one.probability)
    tf.dispose([input, tensors])
    return names.includes('model_outputs') ? suppressed(found) : found
  }
}

// The whole picture, squashed to the size of the input: RGB, or BGR where the model says no more, 0..255.
async function pixels(file, model) {
  const [, height, width] = model.inputs[0].shape
  const small = shrunk(await loaded(file, height, width), height, width)
  return tf.tidy(() => {
    const rgb = tf.slice(tf.tensor4d(Float32Array.from(small), [1, height, width, 4]), 0, [1, height, width, 3])
    return model.metadata?.['Image.BitmapPixelFormat'] === 'Rgb8' ? rgb : tf.reverse(rgb, 3)
  })
}

// As the service loads it: without its colour profile, on white, and halved as often as leaves twice the input.
async function loaded(file, height, width) {
  const picture = await createImageBitmap(file, { colorSpaceConversion: 'none' })
  const times = Math.floor(Math.log2(Math.min(picture.height / height, picture.width / width) / 2))
  const [high, wide] = [picture.height, picture.width].map((side) => Math.ceil(side / 2 ** Math.max(times, 0)))
  const context = Object.assign(document.createElement('canvas'), { width: wide, height: high }).getContext('2d')
  context.fillStyle = 'white'
  context.fillRect(0, 0, wide, high)
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture, 0, 0, wide, high)
  return context.getImageData(0, 0, wide, high)
}

// By Pillow's bicubic filter, the longer side first: browsers have filters of their own, which move what a model says.
function shrunk(image, height, width) {
  if (image.height > image.width) return columns(rows(image, height), width).data
  return rows(columns(image, width), height).data
}

function rows({ data, height, width }, to) {
  const result = { data: new Uint8ClampedArray(to * width * 4), height: to, width }
  const made = kernels(height, to)
  for (let x = 0; x < width; x++) resample(made, data, x * 4, result.data, x * 4, width * 4)
  return result
}

function columns({ data, height, width }, to) {
  const result = { data: new Uint8ClampedArray(height * to * 4), height, width: to }
  const made = kernels(width, to)
  for (let y = 0; y < height; y++) resample(made, data, y * width * 4, result.data, y * to * 4, 4)
  return result
}

// A line of pixels, from where it starts in each: neighbours lie so many numbers apart.
function resample(made, source, start, result, begin, apart) {
  for (let place = 0; place < made.length; place++) {
    const { first, weights } = made[place]
    for (let colour = 0; colour < 3; colour++) {
      let sum = 0
      for (let at = 0; at < weights.length; at++) sum += weights[at] * source[start + (first + at) * apart + colour]
      result[begin + place * apart + colour] = sum
    }
  }
}

// Of each pixel that becomes of a line: which it is made of, from the first on, and how much each of them weighs.
const kernels = (from, to) => Array.from({ length: to }, (_, place) => kernel(place, from, to))

function kernel(place, from, to) {
  const width = Math.max(from / to, 1)
  const middle = ((place + 0.5) * from) / to
  const first = Math.max(Math.floor(middle - 2 * width + 0.5), 0)
  const last = Math.min(Math.floor(middle + 2 * width + 0.5), from)
  const values = Array.from({ length: last - first }, (_, at) => bicubic((first + at + 0.5 - middle) / width))
  const total = values.reduce((sum, value) => sum + value, 0)
  return { first, weights: values.map((value) => value / total) }
}

function bicubic(distance) {
  const x = Math.abs(distance)
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
}

function predictions(values, labels) {
  if (values.detected_boxes) return boxes(values, labels)
  if (values.model_outputs) return decoded(values.model_outputs, labels)
  const probabilities = values[Object.keys(values)[0]].dataSync()
  return labels.map((label, tag) => ({ label, probability: probabilities[tag] }))
}

function boxes({ detected_boxes, detected_classes, detected_scores }, labels) {
  const corners = detected_boxes.arraySync()
  const tags = detected_classes.dataSync()
  const found = [...detected_scores.dataSync()].map((score, row) => boxed(labels[tags[row]], score, corners[row]))
  return found.filter(({ probability }) => probability >= LEAST)
}

// A raw grid holds x, y, width, height and objectness, then a value of each tag, for each anchor of each cell.
function decoded(grid, labels) {
  const cells = grid.shape[1]
  const values = tf.reshape(grid, [cells, cells, ANCHORS.length, -1]).arraySync()
  const found = values.flatMap((row, top) =>
    row.flatMap((cell, left) =>
      cell.map(([x, y, width, height, sure, ...tags], anchor) => {
        const most = Math.max(...tags)
        const score = logistic(sure) / tags.reduce((sum, each) => sum + Math.exp(each - most), 0)
        const [middle, centre] = [(left + logistic(x)) / cells, (top + logistic(y)) / cells]
        const [wide, high] = [width, height].map((side, axis) => (Math.exp(side) * ANCHORS[anchor][axis]) / cells / 2)
        const corners = [middle - wide, centre - high, middle + wide, centre + high]
        return boxed(labels[tags.indexOf(most)], score, corners)
      }),
    ),
  )
  return found.filter(({ probability }) => probability >= LEAST)
}

const logistic = (value) => 1 / (1 + Math.exp(-value))

// What reaches out of the picture is cut off.
function boxed(label, probability, corners) {
  const [left, top, right, bottom] = corners.map((side) => Math.min(Math.max(side, 0), 1))
  return { label, probability, box: [left, top, right - left, bottom - top] }
}

function suppressed(found) {
  const kept = []
  for (const each of found) {
    if (kept.every((better) => better.label !== each.label || overlap(better.box, each.box) <= OVERLAP)) kept.push(each)
  }
  return kept
}

function overlap([left, top, width, height], [x, y, wide, high]) {
  const across = Math.max(Math.min(left + width, x + wide) - Math.max(left, x), 0)
  const along = Math.max(Math.min(top + height, y + high) - Math.max(top, y), 0)
  return (across * along) / Math.max(width * height + wide * high - across * along, 1e-9)
}
