"""History from the venues' REST interfaces into the lake, resumable, several venues at once (catalogue: M7)."""
