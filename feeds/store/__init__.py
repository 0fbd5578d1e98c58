"""Where market data is kept besides the lake: ClickHouse, PostgreSQL, and Redis for what is true now."""
