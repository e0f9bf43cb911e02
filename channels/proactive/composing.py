"""What a campaign says to one member. The words were copied into the campaign when it was made, so what was tried in
the sandbox is what leaves, whatever the configuration says by then. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from channels.proactive.templates import Filled, Template, TemplateError, Variant
from memory.campaign_members import Compose, Skip
from memory.campaigns import Campaign
from memory.outreach import Words


def written(template: Template) -> dict[str, Any]:
    """The template as a campaign keeps it."""
    variants = [asdict(variant) for variant in template.variants]
    return {
        "name": template.name,
        "purpose": template.purpose,
        "placeholders": sorted(template.placeholders),
        "variants": variants,
    }


def template_of(campaign: Campaign) -> Template:
    """Raises TemplateError when another version of this program wrote it and it does not fit any more."""
    kept = campaign.spec["template"]
    try:
        variants = tuple(Variant(**each) for each in kept["variants"])
        return Template(kept["name"], kept["purpose"], frozenset(kept["placeholders"]), variants)
    except (KeyError, TypeError) as error:
        raise TemplateError(f"the words of {campaign.name!r} cannot be read: {error}") from None


def filled(
    spec: Mapping[str, Any], template: Template, variant: str, values: Mapping[str, str], organisation: str
) -> Filled:
    """The words for one member of the campaign with this spec. Raises TemplateError."""
    return template.fill(
        template.named(variant),
        {**spec["values"], **values},
        organisation=organisation,
        channel=spec["channel"],
        max_sms_parts=spec["max_sms_parts"],
    )


def composer(campaign: Campaign, organisation: str) -> Compose:
    """What `memory.campaign_members.queue` asks for each member. Raises TemplateError at once when it never could."""
    template = template_of(campaign)
    about = dict(campaign.spec.get("about", {}))

    def compose(variant: str, values: Mapping[str, str], customer: str) -> Words | Skip:
        try:
            words = filled(campaign.spec, template, variant, values, organisation)
        except TemplateError as error:
            return Skip(str(error))
        meta = {"campaign": campaign.id, "template": template.name, "variant": variant, **about}
        return Words(words.text, words.subject, template.purpose, meta, campaign.id)

    return compose


def seed_values(template: Template, values: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """What fills a seed's message: its own values, and "[name]" for whatever each customer has of their own."""
    return {name: own.get(name) or f"[{name}]" for name in template.placeholders if name not in values or name in own}
