"""What subscribers and the storage that a project names are told."""
