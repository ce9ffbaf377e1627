"""What a published iteration answers, and what is kept of that."""
