"""Who calls: roles, what a caller is told of itself, and from which pages it may call."""
