"""Runs all of Ocellus on one machine: Azurite, the functions host, the event relay and the demo."""
