"""What would have been answered, handed over or refused of conversations that were had: `frontdesk report`."""
