"""From the train call to the iteration: its results, its exports and who is told of them."""
