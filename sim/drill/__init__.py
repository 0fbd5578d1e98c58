"""The crash drill: the engine is killed over and over while it trades, and after each kill all is proved again."""
