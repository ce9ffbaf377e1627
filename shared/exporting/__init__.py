"""The formats that a served graph can be exported to, a module each. None runs the graph."""
