"""What helps people to label: suggestions of an iteration, and proposals of regions."""
