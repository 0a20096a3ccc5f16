"""The panel and the simple world side by side: each step is done in both, and has to end the same way."""
