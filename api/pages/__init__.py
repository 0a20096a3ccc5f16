"""Pages for people: the credentials of their programs."""
