"""Fixtures of `provider_servers`: a Twilio, a mail server, a port where nobody listens."""

from provider_servers import authority, closed_port, start_mail, twilio

__all__ = ["authority", "closed_port", "start_mail", "twilio"]
