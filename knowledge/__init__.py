"""What the organisation knows: documents in, passages found."""
