"""Stands in for Azure Event Grid: the system topic of the storage account, and a custom topic."""
