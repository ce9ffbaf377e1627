"""Triggers only: strings and events in, strings out."""
