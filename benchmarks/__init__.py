"""Measures the product against bare loops and its own limits; each module is a script that prints its figures."""
