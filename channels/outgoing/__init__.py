"""Ways out to addresses that somebody configured: guarded, so that none of them leads to a machine of ours."""
