"""TensorFlow's graphs: their nodes, which GraphDef, SavedModel and TensorFlow.js write in their ways."""
