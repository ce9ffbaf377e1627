"""The four formats: Pillow's readers, handed only what the pixels need."""
