"""Small-image classification in Keras: from raw image files to a graded prediction file, with
receipts.
"""

__version__ = "0.1.0"
