"""The textbook systems of the reports, as tools for any exercise: one package each, NumPy first.

Each stands alone and imports nothing heavy before it is used.
"""
