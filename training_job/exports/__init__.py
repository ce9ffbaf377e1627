"""Exports, built in the container: what a platform takes that is too heavy for the functions belongs here."""
