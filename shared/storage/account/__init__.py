"""The storage account itself: blobs, queues, rows, transactions, signed addresses, and what is remembered of them."""
