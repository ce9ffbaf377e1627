"""What a classifier is learned with, free of torch: embeddings, the head on them, and honest evaluation."""
