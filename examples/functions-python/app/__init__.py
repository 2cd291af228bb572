"""Handlers of the example."""
