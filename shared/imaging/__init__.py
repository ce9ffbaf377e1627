"""Pictures: decode and validate, orient, resize. Pillow and numpy, and nothing of the service."""
