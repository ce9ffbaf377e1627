"""Where the service is reached, and the certificate that it shows there."""
