# ruff: noqa: E501  (a pattern is read whole)
"""How customers say what holds of them, as patterns: where they live, what they have, how they wish to be dealt with.

English alone. Each pattern names its value `v` and is met within one sentence; what stands before it (a condition,
somebody else's words, a guess) is weighed in `memory.facts.taking`. Capitals count where a name is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from memory.facts.memory import MemoryKind

PLAIN: Final = 0.9
"""How sure a plain statement is; `SOFT` one that may have been meant for this once, `GUESS` one that says it is one."""
SOFT: Final = 0.8
GUESS: Final = 0.5

_I: Final = r"\b(?:i|we)"
_AM: Final = r"\b(?:i am|i'm|im|we are|we're)"
_HAVE: Final = r"\b(?:i have|i've|ive|we have|we've)"
_NOW: Final = r"(?:(?:now|currently|still|actually|also|just|already|recently|both|all|normally|usually) )*"
_NOT: Final = r"\b(?:i|we) (?:no longer|don't|do not|dont)"
_CAP: Final = r"(?-i:[A-Z][\w'’&-]*\w|[A-Z])"
_PLACE: Final = (
    r"(?:(?-i:<LOCATION_\d+>)(?:,? (?-i:<LOCATION_\d+>))*"
    rf"|(?!(?-i:I|A|The|My|Your|This|That|It|Please)\b){_CAP}(?: {_CAP}| (?:upon|on|in|under|de|la|le)[ -]{_CAP}){{0,3}}(?:, {_CAP})?)"
)
_NO_PLACE: Final = (
    r"(?!(?-i:Premium|Basic|Pro|Plus|Business|Enterprise|Standard|Free|Gold|Silver|Platinum|Starter|Family|Unlimited"
    r"|Windows|Linux|Mac|MacOS|Android|IPhone|IOS|Shopify|Vodafone|EE|O2|Three|Sky|BT|Virgin|Verizon|Sprint|TMobile"
    r"|Gmail|Outlook|Hotmail|Yahoo|Slack|Teams|Office|Chrome|Firefox|Safari|Edge|AWS|Azure|Google|Microsoft|Apple"
    r"|Stripe|PayPal|Paypal|Excel|Klarna|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Netflix|Spotify"
    r"|Amazon|Visa|Mastercard|Zoom|WhatsApp|Telegram|Signal|Notion|Version|Direct|January|February|March|April|June"
    r"|July|August|September|October|November|December|May|Section|Level|Tier|Plan|Monthly|Annual|Team)\b)"
)
_STOP: Final = (
    r"(?=\s*(?:$|[.,;:!?()–—]| - |\b(?:and|but|so|because|since|until|till|from|as of|for|if|when|while|which|who|where"
    r"|please|pls|thanks|thank|now|though|with|to|on|at|in|last|next|this|yesterday|tomorrow|today|or|after|before"
    r"|any ?more|about|anyway|too|btw|currently|these|two|three|over|it|do|can|could|is|are|will|would|how|what|not)\b))"
)
_JOB: Final = (
    r"(?:(?:(?!(?:broke|poor|loyal|long|frequent|happy|unhappy|new|bad|good|terrible|your|fellow|mere|former)\b)[a-z-]+ ){0,2}(?:teacher|nurse|plumber|developer|engineer|accountant|student|electrician|freelancer"
    r"|photographer|driver|landlord|designer|lawyer|solicitor|chef|builder|carpenter|mechanic|gardener|baker|barber"
    r"|hairdresser|consultant|contractor|architect|dentist|doctor|paramedic|pilot|journalist|writer|editor|translator"
    r"|musician|artist|scientist|researcher|lecturer|professor|librarian|analyst|programmer|firefighter|postman"
    r"|waiter|waitress|bartender|cleaner|courier|farmer|florist|tailor|surveyor|pharmacist|vet|veterinarian|midwife"
    r"|receptionist|bookkeeper|sole trader|shift worker|night porter|shop owner|business owner|estate agent|manager"
    r"|administrator|technician|carer|caterer|childminder|tutor|therapist|sales rep|security guard))"
)
_CHANNEL: Final = (
    r"(?:e-?mails?|phone calls?|phone|telephone|calls?|texts?|text messages?|sms|whatsapp|(?:live )?chat|post|letters?)"
)
_CALLS: Final = r"(?:phone calls?|calls?|texts?|text messages?|voicemails?|emails?|letters?|newsletters?|marketing emails?|robocalls?)"
_DEED: Final = r"(?:call|phone|ring|text|email|e-mail|message|contact|whatsapp|sms)"
_LANGUAGE: Final = (
    r"(?:english|french|german|spanish|italian|dutch|polish|portuguese|welsh|arabic|hindi|urdu|punjabi|bengali"
    r"|turkish|russian|ukrainian|romanian|greek|swedish|danish|norwegian|finnish|chinese|mandarin|cantonese|japanese"
    r"|korean|czech|hungarian|catalan|irish|tamil|gujarati|vietnamese)"
)
_TIME: Final = (
    r"(?:(?:before|after|between|from|until|at|around|by) (?:about )?(?:\d{1,2}(?::\d{2})?\s?(?:am|pm|o'clock)?|noon|midday|midnight|lunch(?:time)?|work|breakfast|dinner|school)"
    r"(?: (?:and|to|until|till|or) \d{1,2}(?::\d{2})?\s?(?:am|pm|o'clock)?)?(?: in the (?:morning|afternoon|evening))?(?: on (?:weekdays|weekends|[a-z]+days?))?"
    r"|(?:in the |during the |early in the )?(?:mornings?|afternoons?|evenings?|daytime|day|night)(?: (?:on )?(?:weekdays|weekends))?"
    r"|(?:on |at |during )?(?:the )?(?:weekends?|weekdays?|week|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|working hours|office hours|work hours|lunch(?:time)?|school hours)"
    r"(?: (?:mornings?|afternoons?|evenings?))?(?: (?:before|after) \d{1,2}(?::\d{2})?\s?(?:am|pm)?)?)"
)
_ORDER: Final = r"(?:#?(?=[\w-]*\d)[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]+){0,4})"
_THING: Final = r"(?:(?:[\w'-]+ ){0,4}[\w'-]+)"
_SPOT: Final = (
    r"(?:(?:with|at|in|by|behind|beside|next to|outside|inside|under|underneath|on|near|round|around|over) "
    r"(?:[\w'’<>#-]+ ?){1,9})"
)
_GOODS: Final = r"(?:parcels|packages|deliveries|orders|post|mail|letters|boxes|shipments)"
_BEGIN: Final = (
    r"(?:^\W*|^\W*(?:until|till|from|starting|for the next|this|next|for) (?:(?!(?:i|we|you|he|she|they|it)\b)[\w<>']+,? ){1,6}?|[,;:–—(]\s*| - |\b(?:and|but|so|also|then|or|again|just|hi|hello|thanks|therefore|in (?:the )?future|from now on)[, ]+"
    r"|\b(?:can|could|would|will) you |\byou (?:can|may) (?:also )?|\b(?:i'd|i would|we'd|we would) (?:like|want|prefer) (?:you|your drivers?|them) to "
    r"|\b(?:i|we) (?:want|need) (?:you|your drivers?|them) to |\bmake sure (?:you |to |that you |your drivers? )?"
    r"|\bremember to |\b(?:ask|tell) (?:the |your )?(?:drivers?|couriers?|postman|team) to )"
    r"(?:(?:please|pls|kindly|also|just) )*"
)
_STANDS: Final = (
    r"(?:from now on|in (?:the )?future|going forward|every time|each time|at all times|by default|as a rule)"
)
_CARE: Final = (
    r"(?:knock|ring|text|email|call|phone|leave|deliver|send|ship|post|cc|copy|check|confirm|address|pack|wrap|hand"
    r"|invoice|bill|include|quote|reply|respond|write|speak|spell)"
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way of saying something. `text` renders it for people with `{v}`; `bare` is the side of today on which a date
    without a preposition lies (`memory.facts.when`); `fixed` is the value where the words have none of their own."""

    kind: MemoryKind
    attribute: str
    pattern: re.Pattern[str]
    text: str
    sure: float = PLAIN
    denies: bool = False
    bare: int = 0
    fixed: str = ""
    form: Callable[[str], str] = str
    tells: bool = True


def _as_channel(words: str) -> str:
    word = words.lower().replace("e-mail", "email").rstrip("s")
    for name, of in {
        "text": ("text", "sm", "text message"),
        "phone": ("phone", "call", "telephone", "phone call"),
    }.items():
        if word in of:
            return name
    return {"live chat": "chat", "letter": "post"}.get(word, word)


def _as_language(words: str) -> str:
    return words.capitalize()


def _as_length(words: str) -> str:
    plain = words.lower()
    return "long" if any(word in plain for word in ("long", "detail", "thorough", "full")) else "short"


def _p(
    kind: MemoryKind,
    attribute: str,
    text: str,
    *patterns: str,
    sure: float = PLAIN,
    denies: bool = False,
    bare: int = 0,
    fixed: str = "",
    form: Callable[[str], str] = str,
) -> list[Phrase]:
    """The phrases of one thing; a statement "tells", an instruction's clause may also be worded as a request."""
    tells = kind != "instruction"
    return [
        Phrase(kind, attribute, re.compile(each, re.IGNORECASE), text, sure, denies, bare, fixed, form, tells)
        for each in patterns
    ]


PHRASES: Final[tuple[Phrase, ...]] = (
    # --- where they live ---
    *_p("fact", "home", "Lives in {v}.",
        rf"{_I} {_NOW}(?:live|reside) (?:\w+ ){{0,2}}in {_NO_PLACE}(?P<v>{_PLACE}){_STOP}",
        rf"{_AM} {_NOW}(?:living|based|staying|resident) in {_NO_PLACE}(?P<v>{_PLACE}){_STOP}",
        rf"{_HAVE} (?:been living|lived|been based) in {_NO_PLACE}(?P<v>{_PLACE}){_STOP}",
        rf"\bmy (?:new |current |home )?(?:town|city) is (?:now )?{_NO_PLACE}(?P<v>{_PLACE}){_STOP}"),
    *_p("fact", "home", "Lives in {v}.",
        rf"(?:{_I}|{_HAVE}) {_NOW}(?:moved|relocated)(?: house| home| back| over| away| out)?(?: from [\w<> ]+?)? to {_NO_PLACE}(?P<v>{_PLACE}){_STOP}",
        bare=-1),
    *_p("fact", "home", "Lives in {v}.",
        rf"(?:{_AM} (?:moving|relocating)|{_I} (?:will be moving|will move|move))(?: house| home)? to {_NO_PLACE}(?P<v>{_PLACE})(?= (?:on|in|at|next|tomorrow|this|from|as of))",
        bare=1),
    *_p("fact", "home", "Has the address {v}.",
        r"\bmy (?:new |current |home |correct |delivery )?address is (?:now )?(?P<v>(?:\w[\w./-]* ){0,3}(?-i:<LOCATION_\d+>)(?:,? (?:\w+ )?(?-i:<LOCATION_\d+>))*)",
        bare=-1),
    *_p("fact", "home", "No longer lives in {v}.",
        rf"{_NOT} (?:live|reside) in (?P<v>{_PLACE}){_STOP}",
        rf"{_AM} no longer (?:living |based )?in (?P<v>{_PLACE}){_STOP}",
        rf"{_I} used to live in (?P<v>{_PLACE}){_STOP}",
        rf"{_HAVE} (?:left|moved (?:away|out) (?:from|of)) (?P<v>{_PLACE}){_STOP}", denies=True),
    *_p("fact", "home", "No longer lives where they did.",
        rf"{_NOT} live (?P<v>there|at that address|at my old address)\b(?: any ?more)?", denies=True),
    # --- what they do ---
    *_p("fact", "job", "Job: {v}.",
        rf"(?:{_I} {_NOW}work as|{_AM} {_NOW}working as|{_AM} {_NOW}) ?(?:an?|the) (?P<v>{_JOB})\b(?! for (?:halloween|a day))",
        rf"\bmy job is (?:as )?an? (?P<v>{_JOB})\b"),
    *_p("fact", "job", "Is retired.", rf"{_AM} (?:now |newly )?(?P<v>retired)\b", rf"{_I} (?P<v>retired)\b(?! from (?:this|the app))"),
    *_p("fact", "job", "No longer works as {v}.",
        rf"{_AM} no longer an? (?P<v>{_JOB})\b", rf"{_NOT} work as an? (?P<v>{_JOB})\b", denies=True),
    # --- what they have ---
    *_p("fact", "product", "Has a {v}.",
        rf"(?:{_I} {_NOW}(?:own|use|have|bought|have got)|{_HAVE} got) (?:an?|the|your|one of your|two|three) (?P<v>(?:[a-z-]+ ){{0,1}}{_CAP}(?: (?:{_CAP}|[\w-]*\d[\w-]*))+(?: (?:router|vacuum|phone|watch|speaker|camera|printer|laptop|tablet|tv|bike|kettle|oven|machine|headphones|mower|heater|fridge|freezer|dishwasher|washer|boiler|thermostat|lamp|chair|desk|mattress|drill|pump|hub|modem|keyboard|monitor|grinder|mixer|blender))?){_STOP}",
        rf"(?:{_I} {_NOW}(?:own|use|have|bought|have got)|{_HAVE} got) (?:an?|the|your|one of your|two|three) (?P<v>(?:[a-z-]+ ){{0,1}}(?!(?-i:[Ii]|Question|Order|Problem)\b){_CAP} (?:router|vacuum|phone|watch|speaker|camera|printer|laptop|tablet|tv|bike|kettle|oven|machine|headphones|mower|heater|fridge|freezer|dishwasher|washer|boiler|thermostat|lamp|chair|desk|mattress|drill|pump|hub|modem|keyboard|monitor|grinder|mixer|blender))\b",
        r"\bmy (?:router|vacuum|phone|watch|speaker|camera|printer|laptop|tablet|tv|bike|kettle|oven|machine|mower|heater|fridge|freezer|dishwasher|washer|boiler|thermostat|modem|monitor|mattress|coffee machine|washing machine) is (?:an?|the|your) (?P<v>" + rf"{_CAP}(?: (?:{_CAP}|[\w-]*\d[\w-]*))*){_STOP}"),
    *_p("fact", "product", "No longer has a {v}.",
        rf"(?:\b(?:i|we) no longer (?:own|have|use)|{_HAVE} (?:sold|returned|sent back|given away)|{_I} (?:sold|returned|sent back|gave away)) (?:an?|the|my|your) (?P<v>{_CAP}(?: (?:{_CAP}|[\w-]*\d[\w-]*))+)", denies=True),
    *_p("fact", "plan", "Is on the {v} plan.",
        rf"{_AM} {_NOW}on (?:the|your|an?) (?!same|wrong|old|new|current|cheapest|right|best|other)(?P<v>[\w+-]+(?: [\w+-]+)?) (?:plan|tariff|subscription|package|tier|membership|contract)\b",
        rf"{_I} {_NOW}have (?:the|your|an?) (?!same|wrong|old|new|current|cheapest|right|best|other|question)(?P<v>[\w+-]+(?: [\w+-]+)?) (?:plan|tariff|subscription|membership)\b",
        rf"\bmy (?:current |new )?(?:plan|tariff|subscription|membership) is (?:now )?(?:the )?(?P<v>(?-i:[A-Z][\w+-]*)(?: (?-i:[A-Z][\w+-]*|\d+))?){_STOP}",
        rf"{_AM} {_NOW}on (?P<v>(?-i:Premium|Basic|Pro|Plus|Business|Enterprise|Standard|Free|Gold|Silver|Platinum|Starter|Family|Unlimited)(?: (?:Plus|Pro|\d+))?){_STOP}"),
    *_p("fact", "plan", "Is on the {v} plan.",
        rf"(?:{_I}|{_HAVE}) {_NOW}(?:upgraded|downgraded|switched|moved|changed)(?: from [\w+ -]+?)? to (?:the |your |an? )?(?!new|cheaper|bigger|different)(?P<v>[\w+-]+(?: [\w+-]+)?) (?:plan|tariff|subscription|package|tier|membership)\b",
        rf"(?:{_I}|{_HAVE}) {_NOW}(?:upgraded|downgraded) to (?P<v>(?-i:[A-Z][\w+-]*)){_STOP}", bare=-1),
    *_p("fact", "plan", "Is no longer on the {v} plan.",
        rf"{_AM} (?:no longer|not) on (?:the|your|an?) (?P<v>[\w+-]+(?: [\w+-]+)?) (?:plan|tariff|subscription|package|tier|membership)\b(?: any ?more)?",
        rf"(?:{_I}|{_HAVE}) (?:cancelled|canceled|ended) (?:my|the) (?P<v>(?-i:[A-Z][\w+-]*)) (?:plan|tariff|subscription|package|membership)\b", denies=True),
    *_p("fact", "account_holder", "Is the account holder.", rf"{_AM} (?P<v>the account holder)\b",
        r"\bthe account is in (?P<v>my(?: own)? name)\b", fixed="the customer"),
    *_p("fact", "account_holder", "Is not the account holder.", rf"{_AM} not (?P<v>the account holder)\b", fixed="somebody else"),
    *_p("fact", "account_holder", "The account is in the name of their {v}.",
        r"\bthe account is in my (?P<v>wife|husband|partner|mother|father|mum|dad|mom|son|daughter|boss|company|business|employer)(?:'s|s|’s)? name\b"),
    *_p("fact", "household", "Lives {v}.", rf"{_I} {_NOW}live (?P<v>alone|on my own|by myself|with (?:my )?(?:flatmates|housemates|roommates|parents|family|partner))\b"),
    *_p("fact", "household", "The household is {v}.",
        r"\bthere (?:are|is|'s) (?P<v>(?:only |just )?(?:\d+|two|three|four|five|six|seven|eight) of us)\b(?: (?:at home|in the (?:house|flat|household)|living here))",
        rf"{_AM} (?P<v>an? (?:family|household) of (?:\d+|two|three|four|five|six|seven|eight))\b"),
    *_p("fact", "pets", "Has {v}.",
        rf"(?:{_I} {_NOW}have|{_HAVE} got) (?P<v>(?:an?|\d+|two|three|four) (?:[a-z]+ )?(?:dogs?|cats?|puppy|puppies|kittens?|rabbits?|horses?|hamsters?|parrots?))\b(?! (?:food|bed|toy|collar|flap|basket|cage|cover|lead|carrier))"),
    *_p("fact", "customer_number", "Has the customer number {v}.",
        rf"\bmy (?:customer|membership|loyalty|client) (?:number|no\.?|id|ref(?:erence)?) is (?P<v>{_ORDER}(?:-?\w+)*)"),
    *_p("fact", "order", "Order {v}.",
        rf"\border (?:number |no\.? |ref(?:erence)? )?(?P<v>{_ORDER} (?:is|was) for (?:an?|the|my|some|two|three|four) {_THING}){_STOP}",
        rf"\b(?P<v>{_ORDER} (?:is|was) (?:my order for )?(?:the|an?) {_THING}) {_I}(?:'ve)? ordered\b",
        rf"{_I} ordered (?P<v>(?:an?|the|some|two|three|four|\d+) {_THING}?)(?:,? \(?(?:with |under |on )?(?:the |my )?order (?:number |no\.? )?(?:is |was )?(?P<id>{_ORDER})\)?| \((?P<id2>{_ORDER})\))",
        rf"\bmy order (?:number |no\.? |ref(?:erence)? )?is (?P<v>{_ORDER}){_STOP}",
        rf"\bthe order number is (?P<v>{_ORDER}){_STOP}"),
    # --- how they are reached ---
    *_p("preference", "contact_channel", "Prefers to be reached by {v}.",
        rf"(?:{_I} {_NOW}(?:would )?prefer|\bi'd (?:much )?prefer|\bi'd rather|\bi would rather) (?:(?:to be |being |be )?(?:contacted|reached|updated|informed)|to hear(?: back)?(?: from you)?|(?:your )?(?:updates|contact|communication|correspondence|replies|answers)|you (?:to )?contact(?:ed)? me|getting updates|to get updates|to communicate|to talk|talking|communicating)? ?(?:only )?(?:by |via |over |through |on )?(?P<v>{_CHANNEL})\b(?! (?:address|number|of|about|app|before|after|in|between|for|support|you))",
        rf"(?:^|[,;–—.]\s*|\b(?:and|but|so|as|that|because) )(?P<v>{_CHANNEL}) (?:is|works|would be) (?:always |usually )?(?:best|better|easiest|the best way)\b(?: for me| to reach me| to contact me)?",
        rf"\b(?:best|easiest)(?: way)? to (?:reach|contact|get hold of) me (?:is )?(?:by |via |on |through )(?P<v>{_CHANNEL})\b(?! (?:at|after|before))",
        form=_as_channel),
    *_p("instruction", "contact_channel", "Wants to be reached by {v}.",
        rf"{_BEGIN}(?:only |always )?(?:contact|reach|update|reply to|answer|write to|notify) me (?:only )?(?:by|via|over|through|on) (?P<v>{_CHANNEL})\b(?! (?:address|number))(?=\s*(?:$|[.,;!]|only|from now|in future|in the future|going forward|instead|rather|and not|not|please|thanks|if|when))",
        rf"{_BEGIN}(?P<v>text|email|e-mail|call|phone|whatsapp|message) me (?:instead of|rather than) (?:calling|phoning|ringing|emailing|texting|writing)",
        rf"{_BEGIN}(?:only|always) (?P<v>text|email|e-mail|call|phone|whatsapp) me(?=\s*(?:$|[.,;!]|please|from now|in future|instead|rather|and not|thanks))",
        form=_as_channel),
    *_p("instruction", "contact_avoid", "Must not be contacted by {v}.",
        rf"{_BEGIN}(?:never|don't|do not|dont|stop) (?:ever )?(?P<v>call|calling|phone|phoning|ring|ringing|text|texting|email|emailing|whatsapp)(?: me)?(?: by phone)?(?: again)?(?=\s*(?:$|[.,;!–—]| - |\b(?:and|just|email|text|please|at all|any ?more|ever|i|use|in future|from now on|because|as|but|unless)\b))",
        rf"{_BEGIN}no (?:more )?(?P<v>(?:phone )?calls|texts|text messages|voicemails|letters|newsletters|marketing emails)(?: at all| ever|,? please|,? thank(?:s| you))",
        form=lambda words: {"emailing": "email"}.get(words.lower(), _as_channel(re.sub(r"ing$", "", words.lower().replace("ringing", "phone").replace("phoning", "phone").replace("ring", "phone"))))),
    *_p("instruction", "contact_avoid", "Must not be contacted {v}.",
        rf"{_BEGIN}(?:never|don't|do not|dont) (?:ever )?{_DEED}(?: or {_DEED})?(?: me)? (?P<v>{_TIME})\b",
        rf"{_BEGIN}no (?:phone )?calls (?P<v>{_TIME})\b"),
    *_p("preference", "contact_dislike", "Dislikes {v}.",
        rf"{_I} {_NOW}(?:really |absolutely )?(?:hate|dislike|can't stand|cannot stand|don't like|do not like) (?:getting |receiving |being )?(?P<v>{_CALLS}|phoned|called|texted)\b"),
    *_p("instruction", "contact_time", "Is to be contacted {v}.",
        rf"{_BEGIN}only (?:ever )?{_DEED}(?: me)? (?P<v>{_TIME})\b",
        rf"{_BEGIN}(?:always )?{_DEED} me only (?P<v>{_TIME})\b",
        rf"{_BEGIN}always {_DEED} me (?P<v>{_TIME})\b"),
    *_p("preference", "contact_time", "Prefers to be contacted {v}.",
        rf"{_I} {_NOW}prefer (?:phone )?(?:calls?|to be called|being called|contact|to talk|to be contacted|to be reached) (?P<v>{_TIME})\b",
        rf"(?:^|[,;–—.]\s*|\b(?:and|but|so|as|that) )(?P<v>{_TIME}) (?:is|are|works|work|suits?) (?:always |usually )?(?:best|better|me best|best for me)\b",
        rf"\bbest time(?:s)? to (?:call|reach|ring|phone|contact)(?: me)? (?:is|are) (?:usually |always )?(?P<v>{_TIME})\b",
        rf"{_AM} (?:only |usually )+(?:available|reachable|free|home|in|at home) (?P<v>{_TIME})\b",
        rf"{_I} can only (?:talk|take calls|be reached|answer) (?P<v>{_TIME})\b"),
    *_p("instruction", "contact_avoid", "May be contacted at any time.",
        r"\b(?:you can|feel free to|you may) (?:now )?(?:call|ring|phone|contact)(?: me)? (?P<v>any ?time|whenever|at any time)\b", denies=True),
    *_p("instruction", "contact_phone", "Wants to be called on {v}.",
        rf"{_BEGIN}(?:always |only )?(?:call|ring|phone|text|reach) me (?:only )?(?:on|at) (?P<v>(?-i:<PHONE_NUMBER_\d+>))(?= (?:{_STANDS}|only)|\s+instead)",
        rf"{_BEGIN}(?:always|only) (?:call|ring|phone|text|reach) me (?:on|at) (?P<v>(?-i:<PHONE_NUMBER_\d+>))"),
    *_p("fact", "contact_phone", "Has the telephone number {v}.",
        r"\bmy (?:new |mobile |phone |cell )+number is (?:now )?(?P<v>(?-i:<PHONE_NUMBER_\d+>))",
        r"\bmy number (?:has changed to|is now) (?P<v>(?-i:<PHONE_NUMBER_\d+>))"),
    *_p("fact", "contact_email", "Has the email address {v}.",
        r"\bmy (?:new )?e-?mail(?: address)? (?:is (?:now )?|has changed to )(?P<v>(?-i:<EMAIL_ADDRESS_\d+>))"),
    *_p("instruction", "name", "Wants to be called {v}.",
        rf"{_BEGIN}(?:just )?call me (?P<v>(?-i:(?:Dr|Mr|Mrs|Ms|Miss|Mx|Prof)\.? )?(?:(?-i:<PERSON_\d+>)|(?-i:(?!Back|Now|Today|Tomorrow|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|On|At|When|If|By|After|Before|Please|ASAP|Asap|Crazy|I)[A-Z][a-z'’-]+)(?: (?-i:[A-Z][a-z'’-]+))?))(?=\s*(?:$|[.,;!)–—]| - |\b(?:and|please|not|from|thanks)\b))",
        rf"{_BEGIN}(?:(?:always|only) )?call me (?!(?:back|when|at|on|by|if|after|before|later|asap|today|tomorrow|first|again|only|any|in|to|for|up|about|the|a|an|more|less)\b)(?P<v>[a-z][a-z'-]+) (?:from now on|in future|going forward)",
        rf"{_BEGIN}(?:always|only) call me (?!(?:back|when|at|on|by|if|after|before|later|asap|today|tomorrow|first|again|only|any|in|to|for|up|about|the|a|an|more|less|during|between|from|please)\b)(?P<v>[a-z][a-z'-]+)(?=\s*(?:$|[.,;!]))",
        r"\b(?:i|we) (?:prefer to go by|go by|prefer to be called|like to be called|prefer being called) (?!(?:the|a|an|my|that|this|bus|train|car|foot)\b)(?P<v>(?-i:<PERSON_\d+>)|[a-z'’-]+)(?=\s*(?:$|[.,;!]|and\b|please\b))"),
    # --- how they are spoken to ---
    *_p("preference", "language", "Prefers {v}.",
        rf"(?:{_I} {_NOW}(?:would )?prefer|\bi'd prefer|\bi'd rather) (?:to )?(?:(?:speak(?:ing)?|talk(?:ing)?|writ(?:e|ing)|communicat(?:e|ing)|correspond(?:ing)?|chat(?:ting)?|answers|replies|emails|letters|everything|calls)(?: to you| with you)? (?:in )?|in )(?P<v>{_LANGUAGE})\b",
        form=_as_language),
    *_p("instruction", "language", "Wants answers in {v}.",
        rf"{_BEGIN}(?:always |only )?(?:write|reply|speak|answer|respond|talk)(?: (?:to|with) me)?(?: only)? in (?P<v>{_LANGUAGE})\b",
        form=_as_language),
    *_p("preference", "reply_length", "Prefers {v} answers.",
        rf"{_I} {_NOW}prefer (?P<v>short|brief|concise|detailed|long|thorough)(?:er)? (?:answers|replies|emails|messages|responses|explanations)\b",
        form=_as_length),
    *_p("instruction", "reply_length", "Wants {v} answers.",
        rf"{_BEGIN}(?:always )?keep (?:it|things|your (?:answers|replies|messages|emails)|answers|replies|messages|emails) (?:nice and )?(?P<v>short|brief|concise|detailed)\b",
        form=_as_length),
    *_p("instruction", "tone", "Wants {v}.",
        rf"{_BEGIN}(?P<v>(?:no (?:more )?|don't use (?:any )?|do not use (?:any )?|stop using |avoid )(?:emojis?|jargon|slang|exclamation marks|abbreviations|acronyms))\b",
        rf"{_BEGIN}(?:always )?(?P<v>use (?:plain|simple|formal) (?:english|language|words))\b",
        form=lambda words: re.sub(r"^(?:don't use (?:any )?|do not use (?:any )?|stop using |avoid |no more )", "no ", re.sub(r"^use ", "", words.lower()))),
    # --- how they are delivered to ---
    *_p("instruction", "delivery", "Leave deliveries {v}.",
        rf"{_BEGIN}always (?:leave|put|drop|place) (?:(?:my|any|the|all|our) )?(?:it |them |{_GOODS} |parcel |package |everything )?(?P<v>{_SPOT})",
        rf"{_BEGIN}(?:leave|put|drop|place) (?:(?:my|any|the|all|our|future) )*{_GOODS} (?P<v>{_SPOT})",
        rf"{_BEGIN}{_STANDS},? (?:please )?(?:leave|put|drop|place) (?:(?:my|any|the|all|our) )?(?:it |them |{_GOODS} |parcel |package |everything )?(?P<v>{_SPOT})"),
    *_p("instruction", "delivery", "Deliver {v}.",
        rf"{_BEGIN}always (?:deliver|send|ship)(?: (?:it|them|everything|{_GOODS}|(?:my|our|all|any) {_GOODS}))? (?P<v>to (?:[\w'’<>-]+ ?){{1,6}})",
        rf"{_BEGIN}(?:deliver|send|ship)(?: (?:it|them|everything|(?:my |our |all |any |future )*{_GOODS}))? (?P<v>to (?:my|the|our) (?:[\w'’<>-]+ ?){{1,4}}?) (?:{_STANDS})"),
    *_p("preference", "delivery", "Prefers deliveries {v}.",
        rf"{_I} {_NOW}prefer (?:my |all |getting |having )?(?:{_GOODS}|delivery|to have (?:things|{_GOODS}) delivered|things delivered|{_GOODS} delivered) (?:left |delivered |sent )?(?P<v>(?:{_SPOT}|to (?:[\w'’-]+ ?){{1,6}}))",
        rf"{_I} {_NOW}prefer (?P<v>(?:(?:early )?morning|afternoon|evening|weekend|weekday|saturday) deliver(?:y|ies))\b"),
    *_p("instruction", "delivery_avoid", "Do not leave deliveries {v}.",
        rf"{_BEGIN}(?:never|don't|do not|dont)(?: ever)? (?:leave|put|drop|place) (?:(?:my|any|the|our) )?(?:it |them |{_GOODS} |a parcel |parcel |package |anything |things )(?P<v>{_SPOT})",
        ),
    *_p("instruction", "delivery_avoid", "Do not deliver {v}.",
        rf"{_BEGIN}(?:never|don't|do not|dont)(?: ever)? deliver(?: anything)? (?P<v>to (?:my|the|our) (?:[\w'’-]+ ?){{1,4}}|{_TIME})\b"),
    # --- what they told us otherwise ---
    *_p("instruction", "", "{v}.",
        rf"{_BEGIN}(?P<v>(?:always|never) {_CARE}\b(?: [\w'’<>#@&/-]+){{1,12}})",
        rf"{_BEGIN}{_STANDS},? (?:please )?(?P<v>{_CARE}\b(?: [\w'’<>#@&/-]+){{1,12}})",
        rf"{_BEGIN}(?P<v>{_CARE}\b(?: [\w'’<>#@&/-]+){{1,10}}?) (?:from now on|in (?:the )?future|going forward|by default)\b"),
    *_p("preference", "", "Prefers {v}.",
        rf"\b(?:i|we) (?:really |much )?(?:always|usually|generally|normally|as a rule) (?:really |much )?prefer (?!(?:{_CHANNEL}|{_LANGUAGE}|it|that|this|if|you)\b)(?P<v>[a-z][\w'’-]*(?: (?!because\b|but\b|so\b|and i\b|if\b|when\b|please\b)[\w'’-]+){{0,7}})",
        r"\b(?:i|we) (?:really |much )?prefer (?P<v>(?:[a-z][\w-]+ ){0,3}(?:bills?|statements?|invoices|packaging|receipts)(?: (?:by|on|via) \w+)?)\b"),
)  # fmt: skip
