"""The bias check: messages of our own, what is exchanged in them, and how much that changes."""
