"""The operations of the training API: one module a noun, one function an operation."""
