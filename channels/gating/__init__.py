"""What the gate judges by: hours by region, places, limits, words."""
