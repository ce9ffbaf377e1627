"""The wire and domain types, their enums and pure rules. They import nothing of ours but errors."""
