"""A corpus of hostile image files, what has to become of each, and the machines that look for more."""
