"""Request bodies: JSON with keys in any case, forms and XML, and pictures in multipart or raw bodies."""
