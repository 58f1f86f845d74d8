"""Search for settings: a space, an oracle that says what to try next, and engines that run trials. No Keras here."""
