"""The HTTP edge: from a request to a call of a plain function, and from its result to an answer."""
