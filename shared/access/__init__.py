"""Who calls and who we are: tokens, keys, how often a caller may call, and our own identity."""
