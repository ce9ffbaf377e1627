"""A project and what people put into it: tags, images, regions and metadata."""
