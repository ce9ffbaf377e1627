"""The rules of the product: one function per API operation, with the operation's own name."""
