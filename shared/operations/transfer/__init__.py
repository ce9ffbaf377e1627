"""Projects out of one installation and into another."""
