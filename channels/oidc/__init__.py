"""Login at the desk by the organisation's own OpenID Connect provider."""
