"""What one process tells another: tasks of the queues, jobs of the container, events and notifications."""
