"""ITCH 5.0 live: its lines from options, the books of named symbols, a feed over both protocols, and its recordings."""
