"""What people work on: projects with their tags, images, counts and suggestions, and how they move elsewhere."""
