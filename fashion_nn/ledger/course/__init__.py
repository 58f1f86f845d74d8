"""The checks of the five course reports: each module maps the ids of its claims to their checks."""
