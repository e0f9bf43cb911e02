"""Handing a conversation over to people at another desk: a Slack channel, a webhook, Chatwoot."""
