"""What operators see of the service: spans and metrics over OpenTelemetry's API, which does nothing without an SDK."""
