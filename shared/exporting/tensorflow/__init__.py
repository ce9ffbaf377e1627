"""What TensorFlow reads: the nodes of GraphDef, SavedModel and TensorFlow.js, and the file of TensorFlow Lite."""
