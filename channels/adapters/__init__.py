"""One adapter for each kind of inbox, so that the webhook route and the outbox's sender know no provider."""
