"""`ocellus migrate`: projects of Custom Vision move into an installation, as often as it takes until the switch."""
