"""Our own detector: a light anchor-free head on a backbone's features."""
