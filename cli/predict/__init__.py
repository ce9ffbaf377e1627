"""`ocellus predict`: what a published model says of many pictures."""
