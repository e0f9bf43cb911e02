"""How customers ask for their rights, language by language: patterns of one clause, in lower case. Data, no code.

Each language gives what a matter's words are, and what before or in them makes it a question about how things are
done, or a wish that it not be done. Gaps are bounded, so that a match takes time in proportion to the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """Patterns of one language. `asks` before a match means that something is asked about, `negates` before or in it
    that it is not wanted; the wishes that are negations themselves (objections) are not looked at for that."""

    erasure: str
    access: str
    objection: str
    rectification: str
    asks: str
    negates: str


_EN_MINE = (
    r"(?:my|our) (?:own |old )?(?:personal |private |customer |user |online )?"
    r"(?:data|information|info|details|records?|file|profile|account)\b"
    r"(?! (?:plan|package|bundle|roaming|allowance|usage|cable|picture|photo|pic|image|name|number|manager|"
    r"password|email|"
    r"balance|statement|card|sheet)s?\b)(?! (?:from|on|in|for) (?:my|the|this|that) (?:order|basket|cart|"
    r"booking|delivery|"
    r"parcel|invoice|quote|review))"
)
_EN_HELD = (
    r"(?:data|information|info|details|records?|everything|anything|whatever|all|what) (?:that |which )?"
    r"(?:you|your company|your team)(?:'ve| have| hold| keep| store| process| collected| are holding|"
    r" have stored| got| "
    r"know){1,2} (?:\w+ )?(?:about|on|of|from|for) (?:me|us)\b"
)
_EN_ABOUT = (
    r"(?:data|information|info|everything|records?|files?|all) (?:\w+ ){0,2}(?:about|on|concerning|"
    r"relating to) (?:me|us)\b"
)
_EN_DATA = rf"(?:{_EN_MINE}|{_EN_HELD}|{_EN_ABOUT})"

_DE_DATA = (
    r"(?:meine[nrms]? (?:\w+(?:en|er|e) )?(?:daten|kundendaten|angaben|informationen|kundenakte)\b|"
    r"mein(?:en|em|es)? (?:konto|kundenkonto|benutzerkonto|nutzerkonto|account|profil|accounts|kontos)\b(?!-|"
    r"stand|nummer)|"
    r"(?:über mich|zu meiner person) (?:\w+en )?(?:daten|informationen)\b|"
    r"(?:daten|informationen|angaben|alles),? [^.!?]{0,40}?(?:über mich|zu meiner person|von mir)\b)"
)
_DE_PERSONAL = r"(?:(?:meine[nr]? |der |die )?(?:personenbezogene[nr]?|persönliche[nr]?) daten|meine[nr]? daten)\b"

_FR_DATA = (
    r"(?:mes (?:\w+ )?(?:données|informations|infos)\b(?! de (?:livraison|connexion|suivi|facturation|paiement))|"
    r"mon (?:compte|profil|dossier)\b(?! (?:bancaire|de messagerie))|"
    r"(?:données|informations|tout ce que)[^.!?]{0,40}?(?:me concernant|à mon sujet|sur moi)\b)"
)
_FR_MINE = (
    r"(?:mes données(?! de (?:livraison|connexion|suivi|facturation|paiement))|mes informations personnelles|"
    r"(?:données|informations)[^.!?]{0,40}?(?:me concernant|à mon sujet|sur moi))\b"
)

_ES_DATA = (
    r"(?:mis (?:\w+ )?datos\b(?! de (?:envío|entrega|pago|facturación|acceso))|mi información(?: personal)?\b|"
    r"mi (?:cuenta|perfil)\b(?! (?:bancaria|de correo))|"
    r"(?:datos|información|todo lo que)[^.!?]{0,40}?(?:sobre mí|de mí|acerca de mí)(?!\w))"
)

_IT_DATA = (
    r"(?:miei (?:\w+ )?dati\b(?! di (?:spedizione|consegna|pagamento|fatturazione|accesso))|mie informazioni\b|"
    r"mio (?:account|profilo)\b|(?:dati|informazioni|tutto ciò che)[^.!?]{0,40}?(?:su di me|mi riguardano|"
    r"mi riguarda)\b)"
)

_NL_DATA = (
    r"(?:mijn (?:\w+e )?(?:gegevens|persoonsgegevens|klantgegevens|data|account|profiel|informatie)\b|"
    r"(?:gegevens|informatie|alles wat)[^.!?]{0,40}?(?:over|van) mij\b)"
)
_NL_PERSONAL = r"(?:mijn (?:\w+e )?(?:gegevens|persoonsgegevens)|persoonsgegevens|gegevens (?:over|van) mij)\b"

_PL_DATA = (
    r"(?:mo(?:je|ich|jego|jej) (?:\w+ )?(?:dane|danych|konto|konta|profil|profilu|informacje|informacji)\b"
    r"(?! (?:do wysyłki|do faktury|bankow\w+))|"
    r"(?:dane|danych|informacje|informacji|wszystko)[^.!?]{0,40}?(?:o mnie|na mój temat|mnie dotycząc\w+|dotycząc\w+ "
    r"mnie)\b)"
)
_PL_MINE = r"(?:moje|moich|mych) (?:\w+ )?(?:dane|danych)(?: osobow\w+)?\b(?! do )"

_PT_DATA = (
    r"(?:meus (?:\w+ )?dados\b(?! de (?:envio|entrega|pagamento|faturação|acesso))|minhas informações\b|"
    r"minha conta\b(?! bancária)|meu perfil\b|(?:dados|informações|tudo o que)[^.!?]{0,40}?(?:sobre mim|"
    r"a meu respeito)\b)"
)


WORDS: Final[dict[str, Words]] = {
    "en": Words(
        erasure=(
            rf"\b(?:delete|erase|remove|wipe|destroy|purge|get rid of|scrub)\b[^.!?]{{0,40}}?\b{_EN_DATA}|"
            rf"\b{_EN_DATA} (?:\w+ ){{0,2}}?(?:to be |be |fully |completely |permanently )*(?:deleted|erased|"
            rf"removed|wiped|"
            r"destroyed)\b|"
            r"\b(?:delete|erase|remove|wipe) me from (?:all )?(?:of )?your (?:\w+ )?(?:systems?|databases?|"
            r"records|files|"
            r"books)|"
            r"\b(?:erasure|deletion|removal) of (?:all )?(?:of )?(?:my|our) (?:\w+ )?(?:data|information|"
            r"account|records)|"
            r"\bright to (?:be forgotten|erasure)|\b(?:erasure|deletion) request\b|^(?:\w+[ ,]+){0,2}forget me\b"
        ),
        access=(
            rf"\b(?:copy|copies|export|download|print-?out|overview|extract|list) of (?:all )?(?:of )?(?:the )?"
            rf"(?:{_EN_HELD}|{_EN_ABOUT}|(?:my|our) (?:own )?(?:personal |private |customer )?(?:data|"
            rf"information|records?)\b"
            r"(?! (?:plan|package|usage|sheet)))|"
            rf"\b(?:send|give|show|provide|tell|email|disclose|hand over|see|know|receive|get|"
            rf"have)\b[^.!?]{{0,25}}?\b(?:{_EN_HELD}|"
            rf"{_EN_ABOUT})|\b(?:what|which) (?:\w+ )?(?:data|information|info|details|records) (?:do |does |"
            rf"have )?(?:you|your company)"
            r"(?:'ve| have| hold| keep| store| got| collected| stored| know)+ (?:\w+ )?(?:about|on) (?:me|us)\b|"
            r"\b(?:subject access|data subject access|data access|access) request (?:under|for my)|"
            r"\bsubject access request\b|"
            r"\bdsar\b|\bsar (?:under|for my|about me)\b|\bwhat (?:do |have )?you (?:know|hold|store|keep|have|"
            r"got|collected) "
            r"(?:\w+ )?(?:about|on) me\b|\baccess to (?:all )?(?:of )?my (?:personal )?data\b|\bright (?:of|"
            r"to) access\b[^.!?]{0,40}?\bdata\b|"
            r"\bdata portability\b|\b(?:transfer|port|export) (?:all )?(?:of )?my (?:personal )?data\b"
        ),
        objection=(
            r"\b(?:object|objection|oppose)\b[^.!?]{0,40}?\b(?:processing|profiling|direct marketing|use of my|"
            r"using my|"
            r"sharing (?:of )?my|my (?:personal )?(?:data|information))\b|"
            r"\b(?:stop|cease|quit|do not|don't|no longer|never|not want you to|not to|(?:may|must|should|shall|"
            r"can) ?not|not allowed "
            r"to)\b[^.!?,]{0,25}?\b(?:process|"
            r"processing|use|using|share|sharing|sell|selling|profile|profiling|pass on|passing on)\b[^.!?,]{0,20}?\b"
            r"(?:my|our) (?:personal )?(?:data|information|info|details)\b(?! plan)|"
            r"\bstop profiling me\b|\b(?:withdraw|revoke|take back)\b[^.!?]{0,15}?\bconsent\b|\bright to object\b"
        ),
        rectification=(
            r"\b(?:correct|rectify|fix|amend|update)\b[^.!?]{0,30}?\b(?:my (?:personal (?:data|information|"
            r"details|records?)|"
            rf"records?)\b|{_EN_HELD}|{_EN_ABOUT})|"
            rf"\b(?:{_EN_HELD}|my (?:personal )?(?:data|records?)|{_EN_ABOUT}) (?:\w+ )?(?:is|"
            rf"are) (?:\w+ )?(?:wrong|incorrect|"
            r"inaccurate|out of date|outdated|false)|"
            r"\bmy (?:first |last |sur|middle )?(?:name|date of birth|birthday|gender|title|"
            r"birth date)\b[^.!?]{0,25}?\b(?:"
            r"wrong|incorrect|misspel\w+|inaccurate)\b[^.!?]{0,15}?\bin your (?:\w+ )?(?:records?|files?|"
            r"systems?|database)|"
            r"\bright to rectification\b|\brectification of my\b"
        ),
        asks=(
            r"^\W*(?:will|would|are|is|were|was|has|have)$|\b(?:how(?! about)|why|when|where|whether|"
            r"what happens|do you|do i|does|did you|if (?:i|you|we)|unless|before you|"
            r"after you|once you|which of|who can|am i|is it)\b|\b(?:can|could|may|should|do|must|shall|would|"
            r"did) (?:i|we)"
            r"(?: \w+)?$|\b(?:i|we)(?:'ve| have)? (?:already )?(?:just )?(?:tried|managed|forgot) to$"
        ),
        negates=(
            r"\b(?:not|never|without|instead of|rather than)\b|n't\b|\b(?:from|in|on|to) my (?:account|profile|"
            r"file|records?)\b"
        ),
    ),
    "de": Words(
        erasure=(
            rf"\b(?:lösch(?:en|t|e|ung)|entfern(?:en|t|e|ung)|vernichte[nt]?|tilg(?:en|"
            rf"t))\b[^.!?]{{0,50}}?\b{_DE_DATA}|"
            rf"\b{_DE_DATA}[^.!?]{{0,60}}?\b(?:zu löschen|löschen|gelöscht|entfernen|entfernt|vernichtet|"
            rf"vernichten)\b|"
            r"\brecht auf (?:vergessenwerden|löschung)|\blöschantrag\b|\blöschbegehren\b"
        ),
        access=(
            r"\bauskunft\b[^.!?]{0,60}?\b(?:daten|über mich|zu meiner person|dsgvo)\b|\b(?:datenauskunft|"
            r"selbstauskunft|"
            r"auskunftsersuchen|auskunftsanspruch|auskunftsrecht)\b|"
            rf"\bkopie [^.!?]{{0,25}}?(?:{_DE_PERSONAL}|daten[^.!?]{{0,20}}?über mich)|"
            r"\bwelche (?:\w+ )?(?:daten|informationen)\b[^.!?]{0,40}?\b(?:über mich|von mir|zu meiner person)\b|"
            r"\bdatenübertragbarkeit\b"
        ),
        objection=(
            r"\bwiderspr(?:eche|uch|echen)\b[^.!?]{0,80}?\b(?:verarbeit\w+|datenverarbeitung|nutzung|verwendung|"
            r"weitergabe|"
            r"daten|profiling|direktwerbung|direktmarketing|werbezwecke\w*)\b|"
            r"\bwiderruf\w*\b[^.!?]{0,40}?\beinwilligung\b|\beinwilligung\b[^.!?]{0,40}?\b(?:widerruf\w*|"
            r"zurück\w*)\b|"
            r"\b(?:nicht|keine\w*)\b[^.!?]{0,30}?\bmeine daten\b[^.!?]{0,30}?\b(?:verarbeit|verwend|nutz|"
            r"weiterg|verkauf)\w*|"
            r"\bdaten\b[^.!?]{0,40}?\b(?:nicht (?:mehr|länger|weiter)|nicht)\b[^.!?]{0,30}?\b(?:verarbeit|"
            r"verwend|nutz|"
            r"weiterg|verkauf)\w*"
        ),
        rectification=(
            rf"\b(?:berichtig\w+|korrigier\w+|korrektur|richtigstell\w+)\b[^.!?]{{0,50}}?\b{_DE_PERSONAL}|"
            rf"\b{_DE_PERSONAL}[^.!?]{{0,40}}?\b(?:berichtig\w+|korrigier\w+|falsch|unrichtig|fehlerhaft|"
            rf"richtigzustellen)\b|"
            r"\brecht auf berichtigung\b"
        ),
        asks=(
            r"\b(?:warum|wieso|wann|wie|ob|falls|wenn|was passiert|wo)\b|^\W*(?:werden|wurden|sind|haben sie|"
            r"löschen sie "
            r"eigentlich|kann ich|darf ich)\b"
        ),
        negates=(
            r"\b(?:nicht|keinesfalls|niemals|ohne|statt|eigentlich|irgendwann)\b|"
            r"\b(?:aus|in|auf|von|bei) meinem (?:konto|kundenkonto|profil|account)\b"
        ),
    ),
    "fr": Words(
        erasure=(
            rf"\b(?:supprim(?:er|ez|iez|e)|effac(?:er|ez|iez|ement)|suppression|détrui(?:re|sez)|retir(?:er|ez))\b"
            rf"[^.!?]{{0,40}}?\b{_FR_DATA}|\b{_FR_DATA}[^.!?]{{0,30}}?\b(?:soient|soit|"
            rf"être) (?:\w+ )?(?:supprimée?s?|effacée?s?)|"
            r"\bdroit à (?:l'oubli|l'effacement)"
        ),
        access=(
            rf"\b(?:copie|accès|accéder|communiqu\w+|transm\w+|envoy\w+|consulter|obtenir|recevoir|"
            rf"connaître)\b[^.!?]{{0,45}}?\b"
            rf"{_FR_MINE}|\bquelles? (?:\w+ )?(?:données|informations)\b[^.!?]{{0,40}}?\b(?:sur moi|"
            rf"me concernant|à mon sujet)\b|"
            r"\bdroit d'accès\b|\bportabilité\b[^.!?]{0,20}?\bdonnées\b"
        ),
        objection=(
            r"\b(?:m'oppos\w+|opposition)\b[^.!?]{0,60}?\b(?:traitement|utilisation|prospection|profilage|données|"
            r"démarchage|publicitaires?)\b|\b(?:retir\w+|révoqu\w+)\b[^.!?]{0,20}?\bconsentement\b|"
            r"\b(?:cess\w+ d|arrêt\w+ d|plus|ne pas)[^.!?,]{0,30}?\b(?:utilis|trait|partag|vend|communiqu|exploit)\w*"
            r"[^.!?,]{0,30}?\bmes (?:données|informations)\b|"
            r"\bn'(?:utilis|exploit)\w+ (?:plus|pas)\b[^.!?]{0,20}?\bmes (?:données|informations)\b|"
            r"\bne (?:trait|partag|vend|communiqu)\w+ (?:plus|pas)\b[^.!?]{0,20}?\bmes (?:données|informations)\b|"
            r"\bdroit d'opposition\b"
        ),
        rectification=(
            rf"\b(?:rectifi\w+|corrig\w+)\b[^.!?]{{0,40}}?\b{_FR_MINE}|\bdroit de rectification\b|"
            r"\bmes (?:données|informations)(?: personnelles)? (?:\w+ )?sont (?:fausses|inexactes|incorrectes|"
            r"erronées)\b"
        ),
        asks=(
            r"\b(?:comment|pourquoi|quand|si (?:je|vous)|combien de temps|où|est-ce que (?:vous|je)(?: \w+)?$|"
            r"puis-je|"
            r"peut-on)\b"
        ),
        negates=(
            r"\bne\b|\bn'|\b(?:sans|au lieu de|jamais)\b|"
            r"(?<!suppression )(?<!effacement )\b(?:de|dans|sur) mon (?:compte|profil)\b"
        ),
    ),
    "es": Words(
        erasure=(
            rf"\b(?:elimin(?:ar|en|e|ad|éis|ación)|borr(?:ar|en|e|ad|éis|ado)|suprim(?:ir|an|a)|"
            rf"supresión)\b[^.!?]{{0,40}}?\b"
            rf"{_ES_DATA}|\b{_ES_DATA}[^.!?]{{0,25}}?\b(?:sean|ser) (?:\w+ )?(?:eliminad|borrad|suprimid)[oa]s?|"
            r"\bderecho (?:al olvido|de supresión)"
        ),
        access=(
            r"\b(?:copia de (?:todos )?mis datos|acceso a (?:todos )?mis datos|"
            r"acceder a mis datos)\b(?! de (?:pago|envío))|"
            r"(?:\bqué|\bque|\bcuáles son los) (?:datos|información)\b[^.!?]{0,40}?(?:sobre mí|de mí|"
            r"acerca de mí)(?!\w)|"
            r"\b(?:datos|información)\b[^.!?]{0,25}?\btienen? (?:guardad[oa]s? )?(?:sobre|de|acerca de) mí(?!\w)|"
            r"\bderecho de acceso\b|\bportabilidad\b[^.!?]{0,20}?\bdatos\b"
        ),
        objection=(
            r"\b(?:me opongo|oposición|oponerme)\b[^.!?]{0,50}?\b(?:tratamiento|uso|datos|publicidad|perfil\w*|"
            r"mercadotecnia|"
            r"marketing)\b|\bderecho de oposición\b|\b(?:retir|revoc)\w+ (?:mi|el) consentimiento\b|"
            r"\b(?:no|dej\w+ de) (?:\w+ ){0,2}(?:us|utili[cz]|trat|compart|vend|ced)\w*[^.!?,]{0,20}?\bmis datos\b"
        ),
        rectification=(
            r"\b(?:rectifi\w+|correg\w+|corrij\w+|corrección)\b[^.!?]{0,40}?\b(?:mis datos|mi información personal)\b"
            r"(?! de (?:envío|pago))|\bderecho de rectificación\b|"
            r"\bmis datos (?:personales )?(?:\w+ )?(?:son|están) (?:incorrect|erróne|equivocad|inexact|mal)\w*"
        ),
        asks=(
            r"(?:\bcómo|\bcomo puedo|\bpor qué|\bcuándo|\bdónde|\bcuánto tiempo|\bqué pasa|\bsi (?:yo|usted|"
            r"borro|cierro)|"
            r"^\W*puedo|\bse puede)\b"
        ),
        negates=(
            r"\b(?:no|sin|nunca|en lugar de|en vez de)\b|"
            r"(?<!eliminación )(?<!supresión )(?<!borrado )\b(?:de|en) mi (?:cuenta|perfil)\b"
        ),
    ),
    "it": Words(
        erasure=(
            rf"\b(?:cancell(?:are|ate|i|iate|ino|azione)|elimin(?:are|ate|i|iate|ino|azione)|rimuov(?:ere|ete|"
            rf"iate|a)|rimozione)\b"
            rf"[^.!?]{{0,40}}?\b{_IT_DATA}|\b{_IT_DATA}[^.!?]{{0,25}}?\b(?:siano|essere|"
            rf"vengano) (?:\w+ )?(?:cancellat|eliminat|"
            r"rimoss)[ioa]|\bdiritto (?:all'oblio|alla cancellazione)"
        ),
        access=(
            r"\bcopia (?:di tutti i|dei|di) miei (?:\w+ )?dati\b|\b(?:accesso|"
            r"accedere) ai miei dati\b(?! di (?:pagamento|"
            r"accesso))|\b(?:quali|che) (?:\w+ )?(?:dati|informazioni)\b[^.!?]{0,40}?\b(?:su di me|"
            r"mi riguardano|sul mio "
            r"conto)\b|\bdiritto di accesso\b|\bportabilità\b[^.!?]{0,20}?\bdati\b"
        ),
        objection=(
            r"\b(?:mi oppongo|opposizione|oppormi)\b[^.!?]{0,50}?\b(?:trattamento|uso|utilizzo|profilazione|"
            r"marketing|dati)\b|"
            r"\bdiritto di opposizione\b|\b(?:revoc|ritir)\w+ (?:il (?:mio )?)?consenso\b|"
            r"\b(?:non|smett\w+ di|cess\w+ di) (?:\w+ ){0,2}(?:us|utilizz|tratt|condivid|vend|"
            r"ced)\w*[^.!?,]{0,20}?\bmiei dati\b"
        ),
        rectification=(
            r"\b(?:rettific\w+|corregg\w+|correzione)\b[^.!?]{0,40}?\b(?:miei dati|"
            r"mie informazioni)\b(?! di (?:spedizione|"
            r"pagamento))|\bdiritto di rettifica\b|\bmiei dati (?:personali )?(?:\w+ )?sono (?:sbagliat|errat|"
            r"inesatt|scorrett)\w*"
        ),
        asks=r"\b(?:come|perché|quando|dove|per quanto tempo|cosa succede|se (?:io|voi|chiudo|cancello)|"
        r"posso(?: \w+)?$)\b",
        negates=r"\b(?:non|senza|mai|invece di)\b|\b(?:dal|nel|sul) mio (?:account|profilo)\b",
    ),
    "nl": Words(
        erasure=(
            rf"\b(?:verwijder(?:en|t|ing)?|wis(?:sen|t)?|vernietig(?:en|t)?)\b[^.!?]{{0,40}}?\b{_NL_DATA}|"
            rf"\b{_NL_DATA}[^.!?]{{0,50}}?\b(?:verwijder(?:t|en|d)|verwijderd|wissen|gewist|vernietig(?:d|en|t)|"
            rf"te verwijderen)\b|"
            r"\brecht op (?:vergetelheid|gegevenswissing)|\brecht om vergeten te worden"
        ),
        access=(
            rf"\binzage\b[^.!?]{{0,40}}?\b(?:gegevens|persoonsgegevens|over mij)\b|\binzageverzoek\b|"
            rf"\bkopie van (?:al )?{_NL_PERSONAL}|\bwelke (?:\w+ )?(?:gegevens|persoonsgegevens|"
            rf"informatie)\b[^.!?]{{0,40}}?\b"
            r"(?:over|van) mij\b|\brecht op inzage\b|\bdataportabiliteit\b|\boverdraagbaarheid\b"
        ),
        objection=(
            r"\bbezwaar\b[^.!?]{0,50}?\b(?:verwerk\w+|gegevensverwerking|gebruik\w*|direct ?marketing|"
            r"profilering|gegevens|"
            r"persoonsgegevens)\b|\brecht van bezwaar\b|\btoestemming\b[^.!?]{0,20}?\b(?:in te trekken|intrek\w*|"
            r"ingetrokken)\b|\btrek\b[^.!?]{0,15}?\btoestemming\b[^.!?]{0,25}?\bin\b|"
            r"\bintrek\w* van (?:mijn )?toestemming\b|"
            r"\bgegevens\b[^.!?,]{0,30}?\bniet (?:meer|langer|verder)\b[^.!?,]{0,25}?\b(?:gebruik|verwerk|dele|"
            r"verkop|verkoop)\w*|"
            r"\bgebruik\b[^.!?,]{0,10}?\bmijn (?:\w+ )?gegevens niet\b|\b(?:stop|niet meer|"
            r"niet langer)\b[^.!?,]{0,30}?\b(?:gebruik|verwerk|dele|verkop)\w+[^.!?,]{0,20}?\bmijn "
            r"(?:\w+ )?(?:gegevens|persoonsgegevens)\b"
        ),
        rectification=(
            r"\b(?:corrigeer|corrigeren|rectific\w+|verbeter\w*|"
            r"rectificatie)\b[^.!?]{0,40}?\bmijn (?:persoonsgegevens|"
            r"persoonlijke gegevens|gegevens)\b|\bmijn (?:persoonlijke |"
            r"persoons)?gegevens (?:\w+ )?(?:kloppen niet|zijn (?:\w+ )?"
            r"(?:onjuist|fout|verkeerd|incorrect))|\brecht op rectificatie\b"
        ),
        asks=(
            r"\b(?:hoe|waarom|wanneer|waar|hoelang|wat gebeurt|als ik|als jullie)\b|^\W*(?:kan ik|mag ik|worden|"
            r"wordt|"
            r"verwijderen jullie)\b"
        ),
        negates=(
            r"\b(?:niet|nooit|zonder|in plaats van)\b|"
            r"(?<!verwijdering )(?<!verwijderen )\b(?:uit|van|in|op) mijn (?:account|profiel)\b"
        ),
    ),
    "pl": Words(
        erasure=(
            rf"\b(?:usun(?:ąć|ięcie|ięcia|iecie)|usuń|usuńcie|usunięci\w+|skasow\w+|skasuj\w*|wykasow\w+|wymaz\w+)\b"
            rf"[^.!?]{{0,40}}?\b{_PL_DATA}|\b{_PL_DATA}[^.!?]{{0,30}}?\b(?:zostały usunięte|zostało usunięte|"
            rf"usunąć|skasować)\b|"
            r"\bprawo do (?:bycia zapomnianym|usunięcia danych)"
        ),
        access=(
            r"\bkopi\w+ (?:wszystkich )?(?:moich|swoich) danych\b|\bdostęp\w* do (?:moich|swoich) danych\b|"
            r"\bjakie (?:\w+ )?(?:dane|informacje)\b[^.!?]{0,40}?\b(?:o mnie|na mój temat)\b|"
            r"\bprawo dostępu do danych\b|\bprzeniesieni\w+ (?:moich )?danych\b"
        ),
        objection=(
            r"\bsprzeciw\w*\b[^.!?]{0,50}?\b(?:przetwarzani\w+|wykorzyst\w+|marketing\w*|profilowani\w+|danych)\b|"
            r"\b(?:wycof\w+|cofn\w+|cofam|odwołuj\w+)\b[^.!?]{0,20}?\bzgod\w+\b|"
            r"\b(?:nie|przesta\w+)\b[^.!?,]{0,20}?\b(?:przetwarz|wykorzyst|udostępnia|używa|"
            r"sprzedaw)\w*[^.!?,]{0,20}?\bmoich danych\b"
        ),
        rectification=(
            rf"\b(?:sprostow\w+|popraw\w+|skoryg\w+)\b[^.!?]{{0,40}}?\b{_PL_MINE}|\bprawo do sprostowania\b|"
            r"\bmoje dane (?:osobowe )?(?:\w+ )?są (?:błędne|nieprawidłowe|niepoprawne|nieaktualne)\b"
        ),
        asks=r"\b(?:jak|dlaczego|kiedy|gdzie|czy mogę|jeśli|jeżeli|co się stanie|jak długo|czy usuwacie)\b",
        negates=r"\b(?:nie|bez|nigdy|zamiast)\b|\b(?:z|na|w) mo(?:jego|im) (?:konta|koncie|profilu)\b",
    ),
    "pt": Words(
        erasure=(
            rf"\b(?:apag(?:ar|uem|ue|amento)|elimin(?:ar|em|e|ação)|exclu(?:ir|am|a|são)|remov(?:er|am|a)|"
            rf"remoção|delet(?:ar|em|e))\b"
            rf"[^.!?]{{0,40}}?\b{_PT_DATA}|\b{_PT_DATA}[^.!?]{{0,25}}?\b(?:sejam|ser|seja) (?:\w+ )?(?:apagad|"
            rf"eliminad|excluíd|"
            r"removid)[oa]s?|\bdireito (?:ao esquecimento|ao apagamento)"
        ),
        access=(
            r"\bcópia (?:de todos os|dos|de) meus (?:\w+ )?dados\b|\b(?:acesso|aceder|acessar) aos meus dados\b|"
            r"\b(?:que|quais) (?:\w+ )?(?:dados|informações)\b[^.!?]{0,40}?\b(?:sobre mim|a meu respeito)\b|"
            r"\bdireito de acesso\b|\bportabilidade\b[^.!?]{0,20}?\bdados\b"
        ),
        objection=(
            r"\b(?:oponho-me|me oponho|opor-me|oposição)\b[^.!?]{0,50}?\b(?:tratamento|uso|utilização|marketing|"
            r"perfis|dados)\b|"
            r"\bdireito de oposição\b|\b(?:retir|revog)\w+ (?:o )?(?:meu )?consentimento\b|"
            r"\b(?:não|deix\w+ de|par\w+ de) (?:\w+ ){0,2}(?:us|utiliz|trat|partilh|compartilh|"
            r"vend)\w*[^.!?,]{0,20}?\bmeus dados\b"
        ),
        rectification=(
            r"\b(?:retifi\w+|corrig\w+|corrij\w+|correção)\b[^.!?]{0,40}?\b(?:meus dados|"
            r"minhas informações)\b(?! de (?:envio|"
            r"pagamento|entrega))|\bdireito de retificação\b|"
            r"\bmeus dados (?:pessoais )?(?:\w+ )?estão (?:incorret|errad|inexat)\w*"
        ),
        asks=r"\b(?:como|por que|porque é que|quando|onde|quanto tempo|o que acontece|se (?:eu|vocês))\b|"
        r"^\W*(?:posso|vocês)\b",
        negates=(r"\b(?:não|sem|nunca|em vez de)\b|(?<!eliminação )(?<!exclusão )\b(?:da|na) minha conta\b"),
    ),
}

# The law's own article, in any language: "Art. 15 DSGVO", "article 17 of the GDPR", "artículo 21 RGPD".
LAW: Final = (
    r"\b(?:art(?:icle|ikel|ículo|icolo|igo|ykuł\w*|\.)?|§)\.? ?(?P<article>1[5-7]|2[01])\b[^.!?]{0,30}?\b"
    r"(?:gdpr|uk gdpr|dsgvo|ds-gvo|rgpd|avg|rodo|lgpd)\b"
)
ARTICLES: Final = {"15": "access", "16": "rectification", "17": "erasure", "20": "access", "21": "objection"}
# What every request has one of; a message without any is not looked at further.
HINT: Final = (
    r"data|daten|angaben|informati|informaz|informac|informaç|info|details|record|file|account|accounts|konto|profil|"
    r"profile|donnée|compte|dossier|datos|cuenta|perfil|dati|gegevens|dane|danych|dados|conta|everything|alles|"
    r"erasure|"
    r"deletion|forget|forgotten|consent|einwilligung|consentement|consentimiento|consenso|toestemming|zgod|"
    r"consentimento|"
    r"gdpr|dsgvo|ds-gvo|rgpd|avg|rodo|lgpd|object|widerspr|auskunft|dsar|oubli|olvido|oblio|vergetelheid|zapomnian|"
    r"esquecimento|marketing|about me|on me|access request|right|recht|droit|derecho|diritto|prawo|direito|"
    r"processing|your (?:systems?|database|records)|inzage|bezwaar|sprzeciw|oppos|opon|opong"
)
