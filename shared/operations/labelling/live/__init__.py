"""Suggestions of a model that learns while people label."""
