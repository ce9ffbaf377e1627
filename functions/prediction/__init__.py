"""The operations of the prediction API."""
