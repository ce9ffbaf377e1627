"""The served graph as an export takes it: read within bounds, with the ending that consumers of its domain expect."""
