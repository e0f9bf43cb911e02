"""Read-only look-ups in the organisation's own systems: an order, a parcel, a return."""
