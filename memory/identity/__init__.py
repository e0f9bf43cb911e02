"""Who is who: the ways a customer is known, and which customers are one person."""
