"""Help for people who label: what a model suggests, and where something stands out."""
