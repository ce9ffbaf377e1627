"""Where the service is reached, the certificate that it shows there, and the requests that it takes."""
