"""`frontdesk`: the one command. Each subcommand is a file in `channels/commands`; an installed package adds more by
the entry point group `frontdesk.commands`, as the evaluations of this one do."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer

from agent.errors import FrontdeskError, MemoryFault
from channels.commands import (
    campaign,
    care,
    chat,
    corrections,
    customers,
    dead_letters,
    digest,
    doctor,
    importing,
    keys,
    knowledge,
    lookups,
    memory,
    policy,
    push_key,
    retention,
    searching,
    serve,
    triage,
)
from knowledge.errors import LibraryError

app = typer.Typer(
    name="frontdesk",
    help="Answers an organisation's customers on every channel from its own knowledge, and fetches a person.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    serve,
    chat,
    knowledge,
    searching,
    care,
    importing,
    triage,
    corrections,
    campaign,
    customers,
    dead_letters,
    digest,
    keys,
    lookups,
    memory,
    push_key,
    retention,
    policy,
    doctor,
)
for module in COMMANDS:
    module.add_to(app)
for point in entry_points(group="frontdesk.commands"):
    added = point.load()
    if isinstance(added, typer.Typer):
        app.add_typer(added, name=point.name)
    else:
        app.command(name=point.name)(added)


def json_to_stdout(arguments: list[str]) -> list[str]:
    """`--json` without a path means stdout, which the option itself writes as `-`."""
    given = list(arguments)
    for at, word in enumerate(given):
        if word == "--json" and (at + 1 == len(given) or given[at + 1].startswith("--")):
            given.insert(at + 1, "-")
    return given


def main() -> None:
    """Exits 0 on success, 2 on wrong use, 1 on failure with one clear line on stderr."""
    try:
        app(json_to_stdout(sys.argv[1:]))
    except (FrontdeskError, MemoryFault, LibraryError, ValueError, OSError) as error:
        line = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"frontdesk: {line}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
