"""Serves a real FunctionApp on this machine: its HTTP, queue, timer and Event Grid triggers."""
