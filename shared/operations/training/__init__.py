"""From the train call to the iteration: its results and its exports."""
