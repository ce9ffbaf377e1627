"""The product: knows neither Azure Functions nor torch."""
