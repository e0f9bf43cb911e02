"""How a customer sounds: sentiment, urgency, abuse, and the wish for a person. Linear heads, trained from rows."""
