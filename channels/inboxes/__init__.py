"""Settings of each kind of inbox, `[inboxes.NAME]` of `frontdesk.toml`; `union.Inbox` tells them apart by `kind`."""
