"""Marking: worked answers are compared with the right solution, and what went wrong is named."""
