"""Reports of a session from its journal: one self-contained HTML file. catalogue: S7."""
