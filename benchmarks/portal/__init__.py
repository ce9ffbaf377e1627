"""How fast the portal is in a browser, at a project of 100,000 images."""
