"""A model that learns while people label: refitted as a whole after every label, in milliseconds, with numpy alone."""
