"""What a program gives up before it touches hostile data. Standard library only: it runs in a process of its own."""
