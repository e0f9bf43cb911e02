"""`frontdesk push-key`."""

from __future__ import annotations

import typer

from channels.commands.options import Json, report
from channels.push_encryption import encode, new_private_key, private_key, public_bytes


def add_to(app: typer.Typer) -> None:
    app.command("push-key")(push_key)


def push_key(json: Json = None) -> None:
    """A key pair with which browsers and their push services know this server; keep the private one secret.

    Example: frontdesk push-key
    """
    private = new_private_key()
    public = encode(public_bytes(private_key(private)))
    lines = [
        f"private key  {private}",
        f"public key   {public}",
        "",
        "Keep the private key as a secret and name it in frontdesk.toml:",
        "  [inboxes.web.push]",
        '  private_key = "env:PUSH_KEY"',
        '  subject = "mailto:you@example.com"',
        "Browsers that subscribed are lost when it changes.",
    ]
    report({"private_key": private, "public_key": public}, json, lines)
