// Tags pictures with the exported model, whose `model.tflite` and `labels.txt` lie among the app's assets.
// Gradle: implementation("com.google.ai.edge.litert:litert:1.4.0")
import android.content.res.AssetManager
import android.graphics.Bitmap
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.Interpreter

// As the domain's consumers feed it.
private const val BLUE_FIRST = false
// Where red, green and blue lie in a pixel.
private val SHIFTS = if (BLUE_FIRST) listOf(0, 8, 16) else listOf(16, 8, 0)

class Model(assets: AssetManager) {
    private val labels = assets.open("labels.txt").bufferedReader().use { it.readText() }.split("\n")
    private val interpreter = Interpreter(assets.open("model.tflite").use { it.readBytes() }.let { buffer(it.size).put(it) })

    /** Labels and probabilities, the most probable first, of the whole upright picture. */
    fun predict(picture: Bitmap): List<Pair<String, Float>> {
        val (_, height, width, _) = interpreter.getInputTensor(0).shape()
        val small = Bitmap.createScaledBitmap(halved(picture, width, height), width, height, true)
        val pixels = IntArray(width * height).also { small.getPixels(it, 0, width, 0, 0, width, height) }
        val input = buffer(pixels.size * 3 * Float.SIZE_BYTES)
        for (pixel in pixels) {
            for (shift in SHIFTS) input.putFloat(((pixel shr shift) and 255).toFloat())
        }
        val output = arrayOf(FloatArray(labels.size))
        interpreter.run(input, output)
        return labels.zip(output[0].asIterable()).sortedByDescending { it.second }
    }
}

// As often as leaves the size of the input: in one step Android looks at single pixels, where the service averages.
private fun halved(picture: Bitmap, width: Int, height: Int): Bitmap {
    var half = picture
    while (half.width >= 2 * width && half.height >= 2 * height) {
        half = Bitmap.createScaledBitmap(half, half.width / 2, half.height / 2, true)
    }
    return half
}

private fun buffer(size: Int): ByteBuffer = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder())
