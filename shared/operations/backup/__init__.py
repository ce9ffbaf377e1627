"""Copies of projects outside of their installation: taken, brought back, and let go when they are old."""
