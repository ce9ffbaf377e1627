"""What published models say of pictures that clients and cameras send."""
