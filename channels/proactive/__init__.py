"""Messages that nobody asked for: notifications, campaigns, incidents, digests. All pass the gate and the outbox."""
