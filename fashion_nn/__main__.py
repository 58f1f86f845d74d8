"""`python -m fashion_nn` is `fashion-nn`."""

from fashion_nn.cli import main

main()
