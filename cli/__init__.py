"""The command `ocellus`: what people and pipelines do with an installation, on this machine or in Azure."""
