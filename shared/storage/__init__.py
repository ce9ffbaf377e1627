"""The only room that speaks to Azure Storage: values in, values out, and errors of our own family."""
