"""Models of others, brought to what the service runs: packages, their graphs, and how these see and answer."""
