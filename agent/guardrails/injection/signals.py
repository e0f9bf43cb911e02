"""What a text shows of an attack, by name: patterns that people can read. Pure.

Each is one figure among others for the detector (`model.py`), which learnt how much it says: a phrase that customers
also use ("ignore my last message") counts little alone. The names are the reasons that people are shown.
"""

from __future__ import annotations

import re
from typing import Final

_THINGS = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|orders|commands?|"
    r"constraints?|restrictions?|training|programming|polic(?:y|ies)|messages?|context|text|"
    r"conversation)"
)
_BEFORE = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|past|initial|original|all|any|every|your|"
    r"these|those|the|given|former|system|last|other)"
)

_WORDED: Final[tuple[tuple[str, str], ...]] = (
    (
        "tells it to drop its instructions",
        rf"\b(?:ignor\w*|disregard\w*|forget\w*|override|overrule|bypass|skip|neglect|drop|delete|erase|"
        rf"discard|don'?t (?:follow|obey|"
        rf"listen to))\b(?!(?:\W+\w+){{0,2}}\W+(?:my|"
        rf"our)\b)(?:\W+\w+){{0,4}}?\W+{_BEFORE}\b(?:\W+\w+){{0,3}}?\W+{_THINGS}\b",
    ),
    (
        "tells it to forget everything",
        r"\b(?:forget|ignore|disregard)\b\W+(?:\w+\W+)?(?:everything|anything|all (?:of )?(?:that|this|"
        r"it)|what (?:you|i|we) (?:were|have|said|told))\b|\bignore (?:the|all|everything) (?:above|"
        r"before|previous|prior)\b",
    ),
    (
        "gives it new instructions",
        r"\b(?:new|updated|real|actual|following|different) (?:system )?(?:instructions?|directives?|"
        r"orders|task|prompt|role)\b\s*(?::|are|is|follow)|\b(?:your|the) (?:new|real|actual|"
        r"only) (?:task|job|goal|role|purpose|instructions?)\b",
    ),
    (
        "asks for its instructions",
        r"\b(?:print|show|reveal|repeat|tell|give|display|output|recite|leak|share|write|say|copy|paste|"
        r"expose|translate|summari[sz]e|what (?:is|are|was|were))\b.{0,50}\b(?:(?:system|initial|hidden|"
        r"secret|original|base|internal|developer|above) (?:prompts?|instructions?|messages?|rules|"
        r"config\w*)|your (?:(?:exact|full|own|first|complete) )*(?:prompt|instructions|system message|"
        r"guidelines|programming|configuration))\b",
    ),
    (
        "asks to repeat what stands above",
        r"\b(?:repeat|print|output|recite|copy|return|write|say|display|echo)\b.{0,30}\b(?:everything|all|"
        r"the (?:words|text|lines?|content|sentences?)|each word|verbatim)\b.{0,20}\b(?:above|before|"
        r"prior|preceding|so far|up to|starting with)\b",
    ),
    (
        "asks for secrets",
        r"\b(?:api keys?|secret keys?|access (?:codes?|tokens?)|hidden (?:config\w*|data)|"
        r"environment variables|source code|database (?:dump|password)|admin(?:istrator)? (?:password|"
        r"credentials)|secret (?:code|phrase|password|word))\b",
    ),
    (
        "asks for other people's data",
        r"\b(?:list|show|give|tell|send|print|reveal)\b.{0,40}\b(?:other|last|all|previous|"
        r"every)\b.{0,20}\b(?:customers?|users?|people|clients?)\b.{0,40}\b(?:emails?|address\w*|names?|"
        r"passwords?|data|details|orders|cards?|talked|numbers?)\b|\bemail addresses of\b",
    ),
    (
        "tells it to be another",
        r"\bforget (?:that )?(?:you|who you)\b(?! (?:asked|told|said|sent))|"
        r"\byou(?:'re| are) (?:an?|my) (?:\w+ ){1,3}now\b|"
        r"\bstop being\b.{0,30}\b(?:assistant|bot|agent)\b",
    ),
    (
        "gives it another role",
        r"\b(?:you are now|you'?re now|from now on,? (?:you|answer|respond|act|reply|speak|only|every|"
        r"begin)|act as (?:if|though|an?|my|the)\b|pretend (?:to be|you|that you|ur|your)|roleplay as|"
        r"role-play as|simulate (?:an?|being)|you will (?:act|play|pretend|respond|behave)|"
        r"imagine (?:you are|you're|that you are)|take on the (?:role|persona)|stay in character|"
        r"play the role)\b",
    ),
    (
        "frees it from rules",
        r"\b(?:(?-i:DAN)\b|do anything now|(?:has|have|with|are|is|bound by) no (?:rules|restrictions|"
        r"limits|filters?|limitations|censorship|guidelines)|no longer (?:bound|limited|restricted)|"
        r""
        r"jailbroken|free(?:d)? (?:yourself )?from (?:all |any |the )?(?:\w+ )?(?:rules|restrictions|"
        r"limits|policies|guidelines|confines))\b",
    ),
    (
        "speaks of a model without limits",
        r"\b(?:(?:developer|debug|god|sudo|admin|maintenance|unrestricted) mode|"
        r"jail\s?break\w*|unrestricted|uncensored|unfiltered|amoral|"
        r"without (?:any )?(?:rules|"
        r"restrictions|limits|filters?|censorship|moral\w*|ethic\w*))\b",
    ),
    (
        "poses as the system",
        r"(?:\[|<|##|\*\*|<\|)\s{0,3}/?(?:system|inst|instructions?|admin|assistant|"
        r"developer|im_start|im_end|sys|end of|begin|start)\b[^\n]{0,40}(?:\]|>|:|\|>|\*{2})|"
        r"^\s*(?:system|assistant|developer)\s*:|\b(?:policy|system) (?:update|override|notice|"
        r"message)\b.{0,40}\b(?:immediately|effective|must|assistant)\b",
    ),
    (
        "hides what it does",
        r"\b(?:do not|don'?t|never|must not)\b.{0,20}\b(?:mention|tell|reveal|disclose|"
        r"say)\b.{0,30}\b(?:this (?:notice|message|instruction|prompt)|to (?:the )?(?:user|anyone|"
        r"customer)|that you)\b",
    ),
    (
        "dictates its reply",
        r"\b(?:respond|reply|answer|say|output|print|write|begin|start|end|"
        r"finish)\b.{0,30}\b(?:only (?:with|as|in)|exactly|nothing (?:else|but|more)|with (?:the (?:word|"
        r"phrase|text|following)|\"|')|each (?:reply|answer|response|sentence) with|every (?:reply|answer|"
        r"response|sentence) with)|\b(?:confirm|reply|respond) (?:by|with) (?:replying|saying|writing|"
        r"answering)?\s*[\"'A-Z]{3,}",
    ),
    (
        "addresses the model",
        r"\b(?:as an? (?:ai|language model|llm|chatbot|assistant)|language model|chatgpt|gpt-?\d|llm|"
        r"large language|the (?:assistant|model|ai|bot) (?:must|should|will|has to|is required|shall)|"
        r"your (?:training|programming|knowledge cutoff|guardrails|safety))\b",
    ),
    (
        "claims authority over it",
        r"\b(?:i am|i'm|this is|ur|you are) (?:your|the) (?:developer|creator|admin\w*|owner|programmer|"
        r"engineer|boss|ceo)\b|\b(?:authorized|authorised) (?:by|user|to override)|\boverride (?:code|"
        r"mode|protocol|safety)\b",
    ),
    (
        "binds it to a deal",
        r"\b(?:legally binding|no takesies|agree (?:to|with) (?:anything|everything|sell)|must (?:approve|"
        r"agree|accept|grant)|approve refunds?)\b",
    ),
    (
        "drops its instructions in another language",
        r"\b(?:ignorier\w*|vergiss|missachte)\b.{0,40}\b(?:anweisung\w*|befehle?|instruktion\w*|"
        r"vorherig\w*|alles)\b|\babweichend (?:zu|von) .{0,20}instruktion\w*|\b(?:ignora|olvida|"
        r"oublie[zr]?|ignore[zr]?)\b.{0,40}\b(?:instruc\w*|consignes?|anterior\w*|précédent\w*|tout)\b",
    ),
    (
        "sets a scene",
        r"\b(?:imagine|suppose|picture this|let'?s (?:say|imagine|pretend|play|suppose)|hypothetical\w*|"
        r"in (?:a|this|that|another|an alternate|some) (?:\w+ ){0,2}(?:world|universe|society|reality|scenario|"
        r"dimension|story)|parallel universe|alternate reality|fictional\w*|(?:theoretical|virtual) world|"
        r"thought experiment|(?:school|research) project|role-?play\w*)\b",
    ),
    (
        "asks for a creative work",
        r"\b(?:write|compose|create|generate|produce|make|draft|give me|tell me|formulate|"
        r"form of|provide)\b.{0,40}\b(?:poem|haiku|limerick|sonnet|song|lyrics|rap|rhyme|stor(?:y|ies)|essay|manifesto|"
        r"headline|joke|dialogue|speech|novel|tweet|blog|acrostic|slogan)\b",
    ),
    (
        "asks for code",
        r"\b(?:write|create|generate|show|give)\b.{0,40}\b(?:code|function|program|script|python|c\+\+|"
        r"java\w*|sql|html|regex)\b|\b(?:run|execute|eval|exec)\b\W{0,4}(?:this|the following|command|code|`|\()",
    ),
    (
        "puts words in its mouth",
        r"\b(?:say|state|output|print|write|answer|respond with|reply with|repeat|echo|"
        r"type)\b(?: (?:that|only|just|exactly|the words?|back|yes|no|this))?\s*[:\"'“‘`]|\bsay (?:that|yes|no|you)\b|"
        r"\bstate that\b|\b(?:just|only|simply|must|then) (?:say|output|print|write|repeat)\b|\baccess granted\b",
    ),
    (
        "tells it who it is",
        r"(?:^|[.!?:,]\s+|\b(?:now|and|that) )you(?:'re| are|r| will be) (?:now )?(?:an?|the|called|"
        r"my|no longer|not|going to|to be|two|three|(?-i:[A-Z])[a-z]+)\b|\bdu bist\b|\btu es\b|\beres (?:un|mi|el)\b",
    ),
    (
        "tells it what to be",
        r"(?:^|[.!?]\s+)(?:be an?|become)\b|\b(?:play (?:an?|the)|respond as|answer as|"
        r"speak (?:as|like)|talk like|write (?:as|like)|in the style of|im stil|as an? (?:expert|evil|unrestricted))\b",
    ),
    (
        "speaks of what stands before",
        r"\b(?:(?:the|everything|text|all|instructions?|anything|lines?|words?|"
        r"content\w*|message|prompt) (?:\w+ )?(?:above|before (?:this|that)|so far|preceding|up to (?:this|here|now))|"
        r"prior to this|first (?:message|line|sentence|words?|\d+ words?)|beginning of (?:this|the|your|our)|"
        r"above (?:this|the|text|instructions?|prompt))\b",
    ),
    (
        "drops what was said",
        r"\b(?:forget|ignore|disregard|discard|vergiss|vergessen sie|ignorier\w*|olvid\w*|"
        r"oublie\w*|dimentica\w*|esque[cç]a\w*|negeer|забудь\w*|игнорируй\w*)\b(?! (?:my|mine|mein\w*|mon|ma|mi|it\b))"
        r".{0,20}\b(?:every\w*|all\w*|what|tout\w*|todo|toda\w*|tutt\w*|alle\w*|все|above|before|davor|previous\w*|"
        r"instruc\w*|ants?wort\w*|anweisung\w*)|忽略|無視して|忘记|无视",
    ),
    (
        "speaks of instructions",
        r"\b(?:your|previous|prior|above|all|these|following|initial|original|new|hidden|"
        r"secret|system|given|exact|full|base) (?:\w+ )?(?:instructions?|prompts?|directives?|guidelines|programming|"
        r"configuration|parameters|commands?)\b|\b(?:system ?prompt|context window|anweisung\w*|instruktion\w*|"
        r"instrucciones|consignes|istruzioni|instruç\w*)\b|指令|提示词|系统提示|プロンプト",
    ),
    (
        "speaks of its limits",
        r"\b(?:your|its|any|all|no|without) (?:\w+ )?(?:rules|restrictions?|limitations?|filters?|"
        r"guardrails|ethic\w*|moral\w*|polic(?:y|ies)|protocols?|safety|censorship|constraints?|programming)\b",
    ),
    (
        "wants no refusal",
        r"\b(?:never|not|don'?t|no|without|cannot|can'?t)\b.{0,20}\b(?:refus\w*|declin\w*|warn\w*|"
        r"disclaim\w*|apolog\w*|moral\w*|ethic\w*|censor\w*|filter\w*)|\b(?:must|shall) (?:always )?(?:comply|obey)\b|"
        r"\b(?:swear|curse|profan\w*|offensive|hateful|harmful|illegal|unethical|amoral|immoral)\b",
    ),
    (
        "asks for a password",
        r"\b(?:what(?:'s| is| was| would)|tell|give|reveal|confirm|print|say|write|spell|output|leak|qual|cuál|quel)\b"
        r"(?!.{0,12}\b(?:my|wrong|reset|forg\w+)\b).{0,30}\b(?:password|passcode|pass ?phrase|secret (?:key|code|word)|"
        r"access code|passwor[dt]\w*|contraseña|senha|mot de passe)\b|\b(?:your|share\w*) (?:\w+ ){0,2}(?:password|"
        r"passcode|secrets?)\?|\bthe (?:password|secret|passcode)\.?\s*$",
    ),
    (
        "asks after a person",
        r"(?-i:\b(?:[A-Z][a-z]+ ?){1,2})(?:'s|s') (?:\w+ ){0,2}(?:e-?mail|address|birth\w*|phone|"
        r"number|balance|password|date|salary|ssn|city|home)\b|\bthe users?'?s?\b (?:\w+ ){0,2}(?:name|address|e-?mail|"
        r"birth\w*|city|lives?|data)|\b(?:in|from) (?:your|the) database\b|\bwhere (?:does|is) (?-i:[A-Z][a-z]+)\b",
    ),
    (
        "changes the subject",
        r"(?:^|[.!?,;:]\W*)(?:but (?:now|then|first)|actually,|instead[,: ]|now (?:please |you |write|"
        r"tell|say|do|answer|forget|help|examine|be )|that(?:'s| is) (?:enough|done)|well done|stop(?:\s*[-:!,]| here)|"
        r"despite what|contrary to|regardless of|never ?mind|very good\.|great job|abweichend)|\b(?:new|another|"
        r"different|next|following|real) task\b",
    ),
    (
        "speaks of its reply",
        r"\b(?:your|the|each|every|next|all) (?:\w+ )?(?:answers?|responses?|repl(?:y|ies)|outputs?|"
        r"summary|messages?) (?:\w+ )?(?:must|should|with|in|to|by|as|like|is|are|that)\b|\b(?:in|to|with|of) your "
        r"(?:\w+ )?(?:answer|response|reply|output|summary)\b|\b(?:begin|start|end|preface|prefix) (?:your|each|every|the)\b",
    ),
    (
        "commands it",
        r"\byou (?:must|will|shall|should|have to|need to|are to|may) (?:not |never |always |only |now )?"
        r"(?:answer|respond|reply|act|say|output|print|follow|obey|comply|ignore|pretend|be|behave|speak|write|provide|"
        r"generate|refuse|do)\b|\b(?:do not|don'?t|never) (?:\w+ )?(?:refuse|explain|add|include|comment|deviate|break)\b",
    ),
    (
        "asks for an encoding",
        r"\b(?:base ?64|rot-?13|morse|hexadecimal|binary|pig latin|in reverse|backwards|cipher|"
        r"ascii|leet\w*|(?:first|each|every) letter|anagram\w*|acronym|misspell\w*|vowels?|decode|encode\w*)\b",
    ),
    (
        "has marks of code",
        r"[{}<>\\|`#\[\]]{2,}|={3,}|-{3,}|\*{2,}|%{2,}|\\n|/\*|\*/|\$\{|\$[A-Z]|<\w+>|&&|\bend of\b",
    ),
    (
        "shouts a command",
        r"(?-i:\b(?:DO|NOT|IGNORE|MUST|ONLY|OUTPUT|PRINT|SAY|NEVER|ALWAYS|STOP|FORGET|END|BEGIN|"
        r"INSTRUCTIONS?|SYSTEM|ANSWER|RESPOND|ATTENTION|ACHTUNG|IMPORTANT)\b(?:\W+[A-Z]{2,})+)",
    ),
    ("spaces letters out", r"\b(?:\w ){6,}"),
    (
        "holds encoded text",
        r"(?:[01]{8}\s?){3,}|\b[A-Za-z0-9+/]{24,}={1,2}|(?:[.-]{1,5}\s){6,}|(?:\\x[0-9a-f]{2}){6,}|"
        r"\b[A-Za-z0-9+/]{60,}",
    ),
    (
        "speaks of models",
        r"\b(?:who|what) are you\b|\b(?:openai|anthropic|chatgpt|gpt|claude|gemini|llama|llm|chatbots?|"
        r"an? ai\b|as an? ai|ai (?:model|assistant|bot|language)|language models?|neural network|trained|training data)\b",
    ),
    ("asks many things", r"\?[^?]{3,120}\?[^?]{3,120}\?"),
    (
        "writes a transcript",
        r"\b(?:q|user|human|input|question)\s?:.{0,400}\b(?:a|assistant|ai|output|answer|bot)\s?:",
    ),
)

_CASED: Final = "(?-i:"


def _compiled(worded: str) -> tuple[re.Pattern[str], bool]:
    """The pattern, and whether it minds capitals. One that does not is searched in small letters: twice as fast as
    ignoring case at every character."""
    if _CASED in worded:
        return re.compile(worded, re.IGNORECASE | re.DOTALL), True
    return re.compile(worded.replace("A-Z", "a-z"), re.DOTALL), False


_SIGNALS: Final = tuple((name, *_compiled(worded)) for name, worded in _WORDED)
NAMES: Final = (*(name for name, *_ in _SIGNALS), "hides text", "repeats itself")
_READ: Final = 8000
_HIDDEN: Final = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\U000e0000-\U000e007f]{2,}|(?:\\w[\u200b\u2060]){3,}"
)
_REPEATS: Final = re.compile(r"(\S)(?:\s?\1){30,}|(\b\S{2,15})(?:\s+\2){8,}")


def shown(plain: str) -> tuple[str, ...]:
    """The names of what a folded text (`pieces.folded`) shows, in NAMES' order."""
    small = plain.lower()
    return tuple(name for name, pattern, cased in _SIGNALS if pattern.search(plain if cased else small))


def raw(text: str) -> tuple[str, ...]:
    """The names of what only a text as it came can show: folding takes it out."""
    start = text[:_READ]
    hidden = ("hides text",) if _HIDDEN.search(start) else ()
    return (*hidden, "repeats itself") if _REPEATS.search(start) else hidden
