"""Recordings of single orders: each format as batches of the core's records, and the books rebuilt from them."""
