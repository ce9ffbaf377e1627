"""Many images by columns: arrays that are small enough to stay in memory, and the blobs and logs that keep them."""
