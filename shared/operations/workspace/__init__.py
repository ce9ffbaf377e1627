"""What people work on: projects, tags, images with their regions and metadata."""
