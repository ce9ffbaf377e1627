"""What trainings take and leave: iterations, their datasets, and what they were exported to."""
