"""What every other part may use: files, text, processes and the environment. It imports nothing
else of the package.
"""
