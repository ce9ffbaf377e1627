"""Quick classification: a head that is fitted to the embeddings of a frozen backbone, served as one graph."""
