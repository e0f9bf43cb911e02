"""What is remembered of a customer: taken from what was said, and recalled for a message."""
