"""Data sets in a folder: the types of what they hold, and a module for each form that is read or written."""
