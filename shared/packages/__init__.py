"""What an exported model is packed with, built alike in the functions and in the container."""
