// Tags pictures with the exported model: dotnet run photo.jpg ...
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SkiaSharp;

using var session = new InferenceSession(Beside("model.onnx"));
var labels = File.ReadAllText(Beside("labels.txt")).Split('\n');
var input = session.InputMetadata.Single();
int height = input.Value.Dimensions[2], width = input.Value.Dimensions[3];

foreach (var path in args)
{
    // RGB, 0..255, one plane each: the whole picture, squashed to the size of the input. Turn it upright first.
    using var picture = SKBitmap.Decode(path) ?? throw new InvalidDataException($"{path} is no picture.");
    var format = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
    using var small = picture.Resize(format, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
    var pixels = new DenseTensor<float>(new[] { 1, 3, height, width });
    for (var y = 0; y < height; y++)
    {
        for (var x = 0; x < width; x++)
        {
            var color = small.GetPixel(x, y);
            (pixels[0, 0, y, x], pixels[0, 1, y, x], pixels[0, 2, y, x]) = (color.Red, color.Green, color.Blue);
        }
    }

    using var results = session.Run(new[] { NamedOnnxValue.CreateFromTensor(input.Key, pixels) });
    var probabilities = results[0].AsEnumerable<float>();
    Console.WriteLine(path);
    foreach (var (label, probability) in labels.Zip(probabilities).OrderByDescending(tag => tag.Second))
    {
        Console.WriteLine($"  {probability:P2}  {label}");
    }
}

static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);
