"""From the world to events: venue adapters, recorder, archive and data queries."""
