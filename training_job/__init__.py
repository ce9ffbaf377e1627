"""The container: it turns a frozen dataset into a model with its metrics, and a model into an export's package."""
