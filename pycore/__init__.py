"""Orchestration: configuration, clock, bus, engine phases, strategy SDK and the command line."""
