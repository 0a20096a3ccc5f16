"""What lies inside a disk: partitions, file systems, and what had better not be shared.

``python -m images.inside FILE FORMAT`` prints what it has found so far as lines of JSON, each in place of the one
before, so that the last one counts also when the program is stopped. No Django here: ``images.sandbox`` runs it locked
in, because the disk is a stranger's and the library that reads file systems is written in C.
"""
