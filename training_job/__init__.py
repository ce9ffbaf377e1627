"""The container: it turns a frozen dataset into a model with its metrics, and brings functions their backbones."""
