"""The operations of our own API, under /ocellus/v1: what Custom Vision has not."""
