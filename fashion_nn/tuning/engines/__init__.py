"""Engines: what runs the trials of a search, on this machine or on a cluster."""
