"""What is known of a customer from what they said, over all their conversations."""
