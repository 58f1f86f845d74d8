"""Search for settings: a space, an oracle that proposes trials, and engines that run them."""
