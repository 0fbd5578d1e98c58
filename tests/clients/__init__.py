"""Clients that we did not write, each trading a full round against the box from an environment of its own."""
