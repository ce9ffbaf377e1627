"""Published models: what a name points to, the sessions that are held for it, and running them."""
