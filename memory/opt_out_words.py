"""Whether a message asks, in plain words, to be written to no more: "please stop texting me", not "the delivery stopped".

Pure, and linear in the text: each sentence is looked at once, by patterns whose gaps are bounded. English, Spanish,
French, German, Italian, Portuguese, Dutch and Polish; letters are compared without their accents. What it knows was
written by hand; docs/gate.md says how often it is right.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

_LONGEST: Final = 4000
"""Characters looked at: who wants no more messages says so on the first page."""
_WHOLE: Final = 25
"""Words of a message that says nothing else; a longer one, or one that asks something, still waits for an answer."""

# What is sent, in eight languages: texts, mails and the rest.
_SMS = (
    r"(?:sms(?:e?s|y|ami|om|ow|-?y|-?ow)?|sms'?je?s?|txts?|texts?|textos?|text messages?|mensajes de texto|whatsapps?)"
)
_MAIL = (
    r"(?:e-?mails?|mails?|correos?|courriels?|newsletters?|boletin(?:es)?|mailings?|mailing lists?|e-mailow|maili|mejle"
    r"|nieuwsbrie(?:f|ven)|newslettera)"
)
_SELLING = (
    r"(?:ads?|adverts?|advertising|offers?|promos?|promotions?|marketing|spam|junk|publicidad|ofertas|promociones|pubs?"
    r"|publicites?|offres|promotions|werbung|werbenachrichten|werbe-?mails?|werbe-?sms|angebote|pubblicita|offerte"
    r"|promozioni|publicidade|promocoes|reclame|aanbiedingen|reklam[ay]?|ofert[ay]?|spamu|newsletters?|newslettera"
    r"|nieuwsbrie(?:f|ven))"
)
_ANY = (
    r"(?:messages?|msgs?|notifications?|alerts?|updates?|reminders?|stuff|mensajes?|notificaciones|avisos?|nachrichten"
    r"|benachrichtigungen|mitteilungen|messaggi(?:ni)?|notifiche|mensagens|mensagem|notificacoes|berichten|berichtjes"
    r"|meldingen|wiadomosci|powiadomien(?:ia)?)"
)
_CALLS = r"(?:calls?|phone calls?|llamadas|appels|anrufe|chiamate|telefonate|chamadas|ligacoes|telefoontjes|telefonow)"
_NOUN = rf"(?:{_SMS}|{_MAIL}|{_SELLING}|{_ANY}|{_CALLS})"
_OF = r"(?:(?:\w+'?){1,3} ){0,3}?"  # a few words between: "your annoying", "de la lista de"
_END = (
    r"(?= *(?:$|[,:)]|please|pls|plz|thanks?|thank you|ok|now|por favor|gracias|merci|svp|s'il|bitte|danke|grazie|per "
)
_END += r"|obrigad|aub|alstublieft|graag|dank|prosze|dziekuje))"
_MORE = r"(?:again|any ?more|ever|any longer|at all|at this number|on this number|here|with (?:this|these|your|any))"

_ENGLISH = (
    r"(?:stop|quit|cease|refrain from)(?: \w+)? (?:texting|messaging|e-?mailing|mailing|calling|contacting|spamming|"
    r"bothering|pinging|harassing|bugging|phoning|ringing|writing to|writing|msging|txting|sms-?ing) (?:me|us|my|this number)"
    # not "stop calling me Charlie"
    r"(?:(?<!calling me)|(?<=calling me)(?= *(?:$|[^ \w]|(?:again|at|on|about|with|every|all|please|pls|now|so|for|in|from|"
    r"before|after|i|this|that|you|your|and|or|when|until|day|night|any ?more|asap|thanks?|thank)\b)))",
    rf"(?:stop|quit|cease)(?: \w+)? sending (?:me |us |out |any |more |all |your |these |those |this |so many |the ){{0,4}}"
    rf"(?:\w+ )?{_NOUN}(?!\w)",
    rf"(?:stop|end) (?:all |with |with all )?(?:the |these |those |this |your |all |sending ){{0,2}}(?:\w+ )?{_NOUN}{_END}",
    rf"(?:stop|quit) (?:me )?(?:from )?(?:getting|receiving) (?:these |those |your |any |more |any more )+(?:\w+ )?{_NOUN}",
    r"(?:do not|don'?t|dont|never|no longer) (?:ever )?(?:text|message|e-?mail|contact|call|phone|msg|txt|write to|write|"
    rf"spam|ring|bother) (?:me|us|this number)(?: {_MORE}|{_END})",
    rf"(?:do not|don'?t|dont|never) send (?:me |us )?(?:any |more |any more |anymore |these |those |your )*"
    rf"(?:\w+ )?{_NOUN}(?: {_MORE}|{_END})",
    rf"(?:do not|don'?t|dont|no longer|not) (?:want|wanna|wish|like|care)(?: to)?(?: (?:get|receive|have|see))? "
    rf"(?:any |more |any more |anymore |these |those |your |further ){{1,3}}(?:\w+ )?{_NOUN}",
    rf"(?:no longer (?:want|wish)|(?:do not|don'?t|dont) (?:want|wish)) to (?:get|receive|be sent) (?:\w+ ){{0,3}}?{_NOUN}",
    rf"(?:no longer (?:want|wish)|(?:do not|don'?t|dont) (?:want|wish)) (?:to be|you to|being) "
    rf"(?:texted|messaged|e-?mailed|contacted|called|phoned|text|message|e-?mail|contact|call)(?: me| us)?(?: {_MORE}|{_END})",
    rf"no more (?:of (?:these|your) |\w+ )?{_NOUN}{_END}",
    r"unsubscribe (?:me|us|my (?:number|e-?mail|address))",
    rf"(?:want|like|wish|need|trying|tried|ask(?:ed|ing)?|please|wanna|how (?:do|can) i)(?: to)? (?:unsubscribe|opt[ -]?out)"
    rf"(?:{_END}| (?:from|of) {_OF}{_NOUN})",
    rf"^(?:please |pls )?(?:unsubscribe|opt[ -]?out|opting out)(?:{_END}| (?:from|of) {_OF}{_NOUN})",
    r"opt me out",
    rf"how (?:do|can) i (?:stop|turn off|get off) (?:getting |receiving )?(?:these |your |those )(?:\w+ )?{_NOUN}",
    r"(?:remove|take|delete|strike|drop|get) (?:me|us|my (?:number|phone|phone number|e-?mail|address|name|details)) "
    r"(?:off|from|out of) (?:of )?(?:your|this|the|all|any)(?: \w+){0,2} (?:lists?|database|mailings?)",
    r"(?:lose|forget|delete) (?:my|this) (?:phone )?number" + _END,
    r"leave me alone",
)
_SPANISH = (
    r"(?:deja|dejad|dejen|deje|dejar|dejes|par[ae]|paren|parar|basta) (?:ya )?de (?:\w+ )?"
    r"(?:escribir|llamar|contactar|molestar)(?:me|nos)",
    rf"(?:deja|dejad|dejen|deje|dejar|par[ae]|paren|parar|basta) (?:ya )?de (?:enviar|mandar)(?:me|nos)? {_OF}{_NOUN}",
    r"(?:ya )?no (?:me|nos) (?:escrib|llam|contact|molest)(?:as|an|en|es|a|e|ais|eis) (?:mas|nunca|ya|a este numero)",
    rf"(?:ya )?no (?:me|nos) (?:envie?n?s?|envieis|mande?n?s?|mandeis) (?:mas|ya|nunca mas|tantos?)(?: {_OF}{_NOUN}|{_END})",
    rf"(?:ya )?no (?:quiero|deseo|queremos) (?:recibir |mas |mas de |seguir recibiendo |que me (?:envien|manden) ){{1,2}}"
    rf"{_OF}{_NOUN}",
    r"(?:ya )?no (?:quiero|deseo) que me (?:escriban|llamen|contacten|molesten)",
    rf"no mas {_NOUN}",
    rf"(?:dar|den|dad|de|da)(?:me|nos|se) de baja(?:{_END}| de {_OF}(?:lista|{_NOUN}))",
    r"(?:quit|elimin|borr|sac)(?:a|e|en|ad|ar)(?:me|nos) de (?:su|la|tu|esta|vuestra|sus) (?:lista|base)",
    rf"(?:cancelar|anular|cancelen|cancele) (?:mi |la )?suscripcion (?:a|al|de|del) (?:los |las |la |sus )?{_NOUN}",
    r"dejadme en paz|dejenme en paz|dejame en paz",
)
_FRENCH = (
    r"(?:arretez|arrete|arreter|cessez|cesse|cesser) (?:svp |s'il vous plait )?de (?:m'|me |nous )"
    r"(?:ecrire|appeler|contacter|texter|spammer|harceler|deranger|telephoner|importuner)",
    rf"(?:arretez|arrete|arreter|cessez|cesse|cesser) (?:de |d')(?:m'|me |nous )?envoyer {_OF}{_NOUN}",
    rf"(?:arretez|arrete|stoppez|stop (?:a|aux|avec)|halte aux) (?:avec )?(?:vos |les |ces |tous vos )?{_NOUN}{_END}",
    r"ne (?:m'|me |nous )(?:ecri|appel|contact|telephon|texte|spamm|derang)\w{0,5} (?:plus|jamais)",
    r"ne (?:m'|me |nous )(?:envoyez|envoie|envoies|envoyer) (?:plus|jamais)",
    rf"ne (?:plus|pas) (?:m'|me )envoyer {_OF}{_NOUN}",
    rf"ne (?:veux|souhaite|desire|voudrais|voulons|souhaitons) (?:plus|pas) (?:jamais )?recevoir {_OF}{_NOUN}",
    r"(?:ne )?(?:veux|souhaite|desire|voudrais) (?:plus|pas) etre (?:contacte|appele|derange|sollicite)e?",
    rf"(?:desabonne[rz]?|desinscri(?:vez|re|s))-? ?moi(?:{_END}| d(?:e|u|es) {_OF}(?:listes?|{_NOUN}))",
    rf"(?:veux|voudrais|souhaite|aimerais|comment|pour|demande a|merci de|veuillez|svp|pouvez-vous) (?:je )?(?:me |nous )(?:desabonner|desinscrire)"
    rf"(?:{_END}| d(?:e|u|es) {_OF}(?:listes?|{_NOUN}))",
    r"(?:retire[rz]?|supprime[rz]?|enleve[rz]?|raye[rz]?|ote[rz]?)(?:-? ?moi| mon numero| mon adresse| mon mail) d(?:e|es) "
    r"(?:votre|vos|la|cette|ta) (?:\w+ ){0,2}(?:listes?|base|fichiers?)",
    rf"^(?:merci, |bonjour, )?plus (?:de|aucun) {_NOUN}",
    r"(?:laissez|laisse|fichez|foutez)-? ?moi (?:tranquille|la paix)",
)
_GERMAN = (
    r"(?:hor(?:en|t|e)?) (?:sie |doch |bitte |endlich ){0,3}auf,? (?:damit,? )?(?:mir|uns) (?:\w+ ){0,4}?"
    r"zu (?:schreiben|schicken|senden|simsen|texten|mailen)",
    r"(?:hor(?:en|t|e)?) (?:sie |doch |bitte |endlich ){0,3}auf,? (?:damit,? )?(?:mich|uns) (?:\w+ ){0,3}?"
    r"(?:anzurufen|anzuschreiben|zu kontaktieren|zu belastigen|zu nerven|zu belaestigen)",
    rf"(?:schreib|schick|send|texte)(?:en|t|e|s)? (?:sie |ihr )?(?:mir|uns) (?:bitte |ab sofort |jetzt |doch ){{0,2}}"
    rf"(?:nicht mehr|nichts mehr|nie wieder|nie mehr|keine? (?:\w+ ){{0,2}}{_NOUN})",
    r"(?:ruf)(?:en|t|e)? (?:sie |ihr )?mich (?:bitte )?(?:nicht mehr|nie wieder|nie mehr) an",
    r"(?:kontaktier|belastig|nerv)(?:en|t|e)? (?:sie |ihr )?mich (?:bitte )?(?:nicht (?:mehr|weiter|langer)|nie wieder)",
    rf"(?:will|mochte|mochten|wollen|wunsche) (?:\w+ ){{0,2}}?keine (?:\w+ ){{0,2}}?{_NOUN}(?: mehr)?(?: von \w+)?"
    rf"(?: (?:erhalten|bekommen|empfangen|kriegen|haben)|{_END})",
    r"(?:will|mochte|wunsche) (?:\w+ ){0,2}?(?:nicht mehr|nie wieder|nicht langer) (?:\w+ ){0,2}?"
    r"(?:angeschrieben|kontaktiert|angerufen|belastigt)",
    rf"^(?:bitte )?keine (?:weiteren |weitere |solchen ){{0,2}}{_NOUN}(?: mehr)?(?: (?:senden|schicken|zusenden))?{_END}",
    rf"(?:meld|trag)(?:en|t|e)? (?:sie |ihr )?mich (?:bitte )?(?:v(?:on|om) {_OF}(?:liste|verteiler|{_NOUN}) |aus {_OF}(?:liste|verteiler) )?"
    rf"(?:ab|aus){_END}",
    rf"(?:mochte|will|wurde) mich (?:gerne? )?(?:(?:von|vom|aus) {_OF}(?:liste|verteiler|{_NOUN}) )(?:abmelden|austragen)",
    rf"{_NOUN} (?:bitte )?(?:abbestellen|abmelden|einstellen|stoppen)",
    rf"(?:bestell)(?:en|e|t)? (?:sie |ich )?(?:bitte )?(?:den |die |ihren |meine? )?{_NOUN} (?:hiermit |bitte )?ab{_END}",
    r"(?:nehm|nimm|streich|losch|entfern)\w{0,3} (?:sie |ihr )?(?:mich|meine (?:nummer|adresse|mailadresse)) (?:bitte )?"
    r"(?:von|aus) (?:ihre[rmn]|der|eurer|dem|den|eurem) (?:\w+ ){0,2}?(?:liste|verteiler|kartei|mailingliste|datenbank)",
    rf"stopp(?:en|t|e)? (?:sie |bitte ){{0,2}}(?:mit )?(?:die(?:se)?|ihre[nr]?|den|eure) (?:\w+ )?{_NOUN}",
    r"lass(?:en|t)? (?:sie )?mich (?:bitte |endlich )?in ruhe",
)
_ITALIAN = (
    r"(?:smett(?:ete|etela|i|ila|a|ere|erla)|basta|finitela|piantatela) (?:di|con il|col) "
    r"(?:scriver|chiamar|contattar|disturbar|telefonar|messaggiar)(?:mi|ci)",
    rf"(?:smett(?:ete|etela|i|ila|a|ere|erla)|basta|finitela|piantatela) (?:di )?(?:mandar|inviar)(?:mi|ci) {_OF}{_NOUN}",
    r"non (?:mi |ci )?(?:scriv|chiam|contatt|telefon|disturb)(?:ete|ate|ere|are|er|ar|i|a)(?:mi|ci|temi)? (?:piu|mai piu)",
    rf"non (?:mi |ci )?(?:mandate|inviate|mandare|inviare|mandar|inviar|manda|invia)(?:mi|ci)? (?:piu|altr[ie])(?: {_OF}{_NOUN}|{_END})",
    rf"non (?:voglio|desidero|vorrei|vogliamo|intendo) (?:piu )?(?:ricevere|altri|altre) (?:piu )?{_OF}{_NOUN}",
    r"non (?:voglio|desidero|vorrei) (?:piu )?essere (?:contattat|chiamat|disturbat)[oa]",
    r"(?:cancell|togli|toglie|rimuov|elimin)(?:atemi|etemi|temi|ami|imi|mi|ete mi|ere il mio numero|ete il mio numero) "
    r"d(?:all'|alla |alle |a |al |ai )(?:\w+ )?(?:\w+ )?(?:lista|liste|elenco|mailing|newsletter|database|rubrica)",
    rf"disiscriv(?:etemi|imi|ermi|imi|ami|ere)(?:{_END}| d(?:alla|a|al|ai|agli) {_OF}(?:lista|{_NOUN}))",
    rf"(?:voglio|vorrei|desidero) (?:cancellarmi|disiscrivermi|disdire l'iscrizione)(?: d(?:alla|a|al|ai|agli))? {_OF}(?:lista|{_NOUN})",
    rf"^(?:basta|stop|niente piu|mai piu)(?: con)?(?: questi| queste| i vostri| le vostre| i| le)? {_NOUN}",
    r"lasci(?:atemi|ami) in pace",
)
_PORTUGUESE = (
    r"(?:par[ae]m?|parar|deix[ae]m?) de (?:me |nos )?(?:escrever|ligar|contactar|contatar|perturbar|incomodar|chatear)"
    r"(?:-me|-nos| para mim)?",
    rf"(?:par[ae]m?|parar|deix[ae]m?) de (?:me |nos )?(?:enviar|mandar)(?:-me|-nos)? {_OF}{_NOUN}",
    r"nao (?:me |nos )?(?:escrev|lig|contact|contat|perturb|incomod)(?:am?|em?|uem?|es)(?:-me)? (?:mais|nunca mais)",
    rf"nao (?:me |nos )?(?:envi|mand)(?:em?|es?|am?)(?:-me)? mais(?: {_OF}{_NOUN}|{_END})",
    rf"nao (?:me |nos )?(?:envi|mand)(?:em?|es?)(?:-me)? (?:\w+ )?{_NOUN} mais",
    rf"(?:ja )?nao (?:quero|desejo|queremos|pretendo) (?:mais )?(?:receber|continuar a receber) (?:mais )?{_OF}{_NOUN}",
    rf"(?:ja )?nao (?:quero|desejo) mais {_OF}{_NOUN}",
    r"(?:ja )?nao (?:quero|desejo) (?:mais )?(?:ser|que me) (?:contactad|contatad|perturbad|liguem|contactem|contatem|escrevam)\w*",
    r"(?:remov|retir|tir|elimin|apag|exclu)(?:am?|em?|er|ar|a|ia)(?:-me| me| o meu numero| meu numero) d(?:a|as|e|essa) "
    r"(?:vossa |sua |tua |minha )?(?:\w+ )?(?:lista|listas|base)",
    r"me (?:remov|retir|tir|exclu)(?:am?|em?|a|ia) d(?:a|essa|e) (?:sua |vossa )?(?:\w+ )?(?:lista|listas|base)",
    rf"(?:quero|gostaria de|queria|desejo) (?:me )?(?:descadastrar|desinscrever)(?:-me)?(?:{_END}| d(?:a|e|os|as) {_OF}(?:lista|{_NOUN}))",
    rf"(?:descadastr|desinscrev)(?:em?|am?)(?:-me| me)?(?:{_END}| d(?:a|e|os|as) )",
    rf"cancel(?:ar|em?|a) (?:a )?(?:minha )?(?:subscricao|inscricao|assinatura) d(?:a|e|os|as) (?:vossa |sua )?{_NOUN}",
    rf"^(?:chega de|sem mais|basta de) {_OF}{_NOUN}",
    r"deix(?:em?|a)(?:-me| me) em paz|me deix(?:em?|a) em paz",
)
_DUTCH = (
    r"(?:stop|stopt|hou|houd|houdt) (?:\w+ )?(?:op )?(?:alstublieft |aub |eens |nu |a\.u\.b )?met (?:mij |me |ons )?(?:te |het )?(?:\w+ )?(?:te )?"
    r"(?:sms'?en|appen|mailen|bellen|contacteren|benaderen|lastigvallen|lastig te vallen|spammen)(?! met)",
    rf"(?:stop|stopt|hou|houd|houdt) (?:op )?(?:alstublieft |aub |nu )?met (?:mij |me |ons )?(?:het |al die |deze |die |jullie |uw )?"
    rf"(?:sturen van (?:\w+ )?{_NOUN}|{_NOUN} (?:naar mij )?(?:te )?(?:sturen|verzenden)|{_NOUN}{_END})",
    rf"(?:stuur|stuurt|zend) (?:mij|me|ons) (?:alstublieft |aub |svp ){{0,1}}(?:geen|niets|nooit|niet)(?: \w+)?(?: {_NOUN})? meer",
    r"(?:bel|mail|sms|app|contacteer|benader|schrijf|whatsapp) (?:mij|me|ons) (?:alstublieft |aub )?(?:niet|nooit) (?:meer|langer)",
    rf"wil (?:\w+ )?(?:geen|niet meer) (?:\w+ )?{_NOUN}(?: meer| van jullie)?",
    r"wil (?:\w+ )?(?:niet|niet meer|nooit meer) (?:meer )?(?:door jullie )?(?:gebeld|benaderd|gecontacteerd|ge-?sms't|gemaild|geappt)",
    rf"(?:meld|schrijf) (?:mij|me|ons) (?:alstublieft |aub )?(?:(?:af|uit){_END}|(?:af|uit) (?:voor|van|bij|uit) {_OF}(?:lijst|{_NOUN}))",
    rf"wil (?:\w+ )?(?:me|mij|mezelf) (?:graag )?(?:afmelden|uitschrijven)(?:{_END}| (?:voor|van|bij) {_OF}(?:lijst|{_NOUN}))",
    rf"wil (?:\w+ )?(?:me|mij|mezelf) (?:graag )?(?:voor|van|bij) {_OF}{_NOUN} (?:afmelden|uitschrijven)",
    r"(?:haal|verwijder|schrap|gooi) (?:mij|me|mijn (?:nummer|adres|e-?mail)) (?:alstublieft |aub )?(?:van|uit) "
    r"(?:de|uw|jullie|je|deze|die) (?:\w+ )?(?:lijst|mailinglijst|bestand|verzendlijst|database)",
    rf"^(?:alstublieft |aub |graag )?geen {_OF}{_NOUN} meer",
    r"laat (?:mij|me) met rust",
)
_POLISH = (
    r"przesta(?:n|ncie|c|na)(?: juz| do| mnie| mi| panstwo){0,3} (?:do mnie )?(?:pisac|dzwonic|smsowac|mailowac|nekac|kontaktowac)",
    rf"przesta(?:n|ncie|c|na)(?: juz| mi| do| mnie| panstwo){{0,3}} (?:wysylac|przysylac|slac)(?: mi| do mnie)? {_OF}{_NOUN}",
    r"(?:nie|juz nie) (?:pisz|piszcie|pisac|dzwon|dzwoncie|dzwonic|smsuj|smsujcie|mailujcie)(?: juz| wiecej){0,2} do mnie",
    r"(?:nie|juz nie) (?:pisz|piszcie|pisac|dzwon|dzwoncie|dzwonic) (?:do mnie )?(?:wiecej|juz)",
    r"(?:nie|juz nie) (?:kontaktuj|kontaktujcie|kontaktowac)(?: juz| wiecej)? sie (?:juz |wiecej )?ze mna",
    rf"(?:nie|juz nie) (?:wysylaj|wysylajcie|wysylac|przysylaj|przysylajcie|przysylac|slij|slijcie)(?: mi| do mnie)? "
    rf"(?:juz |wiecej |zadnych |tych |do mnie ){{1,3}}(?:\w+ )?{_NOUN}",
    rf"(?:nie|juz nie) (?:chce|zycze sobie|chcialbym|chcialabym)(?: juz| wiecej){{0,2}} (?:otrzymywac|dostawac|przyjmowac) {_OF}{_NOUN}",
    r"(?:nie|juz nie) (?:chce|zycze sobie)(?: juz| wiecej)? (?:byc nekan[ya]|kontaktu|telefonow|zeby(?:scie)? do mnie (?:dzwonic|dzwonili|pisali|pisac))",
    r"(?:wypisz|wypiszcie|wypisac|usun|usuncie|usunac|skresl|skreslcie) (?:prosze )?(?:mnie|moj numer|moj adres|moj e-?mail) z "
    r"(?:tej |waszej |panstwa |swojej )?(?:\w+ )?(?:listy|bazy|newslettera|subskrypcji)",
    rf"(?:wypisz|wypiszcie) mnie{_END}",
    rf"(?:chce|chcialbym|chcialabym|prosze) (?:sie )?wypisac(?: sie)?(?:{_END}| z {_OF}(?:listy|{_NOUN}))",
    rf"zaprzestani[ea] (?:wysylania|przysylania)(?: mi| do mnie)? {_OF}{_NOUN}",
    rf"rezygnuje z (?:otrzymywania )?(?:\w+ )?{_NOUN}",
    rf"^(?:prosze )?(?:zadnych wiecej|koniec z|dosc|prosze bez) {_OF}{_NOUN}",
    r"(?:dajcie|daj) mi (?:swiety )?spokoj",
)

# A short text that is nothing but a wish to end it; only where texts are what may be ended.
_BARE = re.compile(
    r"^(?:(?:please|pls|plz|just|ok|okay|now|it|this|that|all|already|thanks|thank you|no|hey|hi|immediately|right now"
    r"|por favor|ya|svp|merci|bitte|jetzt|sofort|per favore|grazie|aub|alstublieft|prosze|nu|sms|texts?|messages?|me)[ ,!.]*)*"
    r"(?:stop|stopp|stop it|stop this|arretez|arrete|hort auf|horen sie auf|aufhoren|basta|parem?|paren|ophouden|przestancie"
    r"|unsubscribe|opt[ -]?out|desabonner|desinscription|desabonnement|abmelden|abbestellen|disiscrizione|disiscrivimi"
    r"|baja|darme de baja|descadastrar|uitschrijven|afmelden|wypisz|wypisz mnie|rezygnuje)"
    r"(?:[ ,!.]+(?:please|pls|plz|now|it|this|that|all|already|thanks|thank you|texting|messaging|immediately|right now|stop"
    r"|por favor|ya|svp|merci|s'il vous plait|bitte|jetzt|sofort|per favore|grazie|aub|alstublieft|prosze|nu|me|texts?"
    r"|sms|messages?))*[ ,!.]*$"
)
_ENDABLE: Final = frozenset({"sms", "whatsapp", "email"})
# Words before a match that turn it round, language by language: "don't stop texting me", "why did you stop texting me".
_NOT_ENGLISH = (
    r"(?:\b(?:do not|don'?t|dont|didn'?t|did not|never|not|can'?t|cannot|shouldn'?t|without|before|after|instead of)"
    r"(?: [\w']+){0,4} $)"
    r"|(?:\b(?:did|have|has|had|do|does|if|unless|when|once|that|did not) (?:you|they|it|he|she|we|i|u)(?: \w+)? $)"
    r"|(?:(?<!can )(?<!could )(?<!will )(?<!would )(?<!must )(?<!should )(?<!need )(?<!please )"
    r"\b(?:you|they|it|he|she|app|phone|system|site|website) $)"
)
_LANGUAGES: Final = tuple(
    (re.compile(r"(?<![\w'-])(?:" + "|".join(patterns) + r")(?!\w)"), re.compile(inverted))
    for patterns, inverted in (
        (_ENGLISH, _NOT_ENGLISH),
        (_SPANISH, r"\b(?:no|nunca|sin|si)(?: \w+){0,3} $"),
        (_FRENCH, r"\b(?:ne|n'|jamais|sans|si vous|si tu)(?: ?\w+){0,2} $"),
        (_GERMAN, r"\b(?:nicht|nie|ohne|wenn|falls)(?: \w+){0,2} $"),
        (_ITALIAN, r"\b(?:non|mai|senza|se)(?: \w+){0,3} $"),
        (_PORTUGUESE, r"\b(?:nao|nunca|sem|se)(?: \w+){0,3} $"),
        (_DUTCH, r"\b(?:niet|nooit|zonder|als)(?: \w+){0,2} $"),
        (_POLISH, r"\b(?:nie|nigdy|bez|jesli)(?: \w+){0,2} $"),
    )
)
# A message with none of these stems says nothing of the kind; most messages end here.
_STEMS = re.compile(
    r"stop|quit|cease|refrain|don'?t|do not|never|no longer|not |no more|unsub|opt[ -]?out|opting|opt me|remove|take m|get m"
    r"|delete|strike|drop|lose|forget|alone|get off|turn off"
    r"|deja|dejen|deje|par[ae]|basta|no me|no nos|no qui|no des|no mas|baja|suscri|quit|elimin|borr|saqu|saca"
    r"|arret|cess|halte|ne m|ne nous|ne plus|ne pas|ne veux|ne souh|ne des|veux|souhait|voud|desabonn|desins|retire|supprim"
    r"|enlev|ray|ote|^plus|laisse|fiche|foute|hor|nicht mehr|nichts mehr|nie |keine|abmeld|austrag|meld|trag|bestell|nehm"
    r"|nimm|streich|losch|entfern|einstell|ruhe|smett|finit|piant|non |cancell|togli|rimuov|disisc|disdi|niente|mai |lasci"
    r"|deix|nao |remov|retir|tir[ae]|exclu|descad|cancel|chega|sem mais|hou|wil|bel |mail |sms |app |stuur|zend|schrijf"
    r"|haal|verwij|schrap|gooi|geen|laat|przesta|pisz|dzwon|kontakt|wysyl|przysyl|slij|chce|zycze|wypis|usun|skres|rezyg"
    r"|zadn|zaprze|koniec|dosc|prosze|spok|niet"
)
_SENTENCES = re.compile(r"[.!?;\n]+")
_CLAUSE = re.compile(r"[,:()–—]| - | but | and | so | pero | mais | aber | ma | mas | maar | ale ")
_ABOUT_MAIL = re.compile(rf"\b(?:{_MAIL}|e-?mailing|mailing|mailen|e-?mailed|gemaild|mailowac|mailujcie)\b")
_ABOUT_SMS = re.compile(
    rf"\b(?:{_SMS}|texting|txting|texted|sms-?ing|texter|texte[zn]?|simsen|sms'en|smsowac|smsuj\w*)\b"
)
_ABOUT_WHATSAPP = re.compile(r"\bwhatsapps?\b|\bapp(?:en)?\b(?= (?:mij|me))")
_ABOUT_CALLS = re.compile(
    rf"\b(?:{_CALLS}|call|calling|called|phone|phoning|phoned|ring|ringing|llam\w+|appel\w+|telephon\w+|anzurufen|angerufen"
    r"|ruf(?:en|t)?|chiamar\w*|chiamat\w*|telefonar\w*|lig(?:ar|ue|uem)|liguem|bellen|bel|gebeld|dzwon\w*)\b"
)
_ABOUT_SELLING = re.compile(rf"\b{_SELLING}\b")


@dataclass(frozen=True, slots=True)
class OptOut:
    """What a message asks to end: on which channels, and whether all messages or only those that sell.

    `whole` says that the message asks nothing else, so that no answer is due.
    """

    channels: tuple[str, ...]
    purpose: Literal["all", "marketing"]
    whole: bool


def opt_out(text: str, channel: str) -> OptOut | None:
    """What the text, written on `channel`, asks to end; None when it asks nothing of the kind."""
    plain = _plain(text[:_LONGEST])
    if channel in _ENDABLE and len(plain) <= 80 and _BARE.match(plain.rstrip(" .!?")):
        return OptOut(_channels(plain, channel), "all", whole=True)
    if not _STEMS.search(plain):
        return None
    sentences = [each.strip() for each in _SENTENCES.split(plain) if each.strip()]
    found = [wish for wish in map(_wish, sentences) if wish]
    if not found:
        return None
    said = " ".join(found)
    rest = [each for each in sentences if not _wish(each)]
    whole = len(text) <= _LONGEST and len(plain.split()) <= _WHOLE and all(len(each.split()) <= 5 for each in rest)
    asks = "?" in text and any(each + "?" in plain or each + " ?" in plain for each in rest)
    purpose: Literal["all", "marketing"] = "marketing" if _ABOUT_SELLING.search(said) else "all"
    return OptOut(_channels(said, channel), purpose, whole and not asks)


def _wish(sentence: str) -> str:
    """The words of a sentence that ask to end messages, to the end of their clause; "" for none."""
    for asks, inverted in _LANGUAGES:
        for found in asks.finditer(sentence):
            before = _CLAUSE.split(sentence[: found.start()])[-1].lstrip()
            if not inverted.search(before):
                return found[0] + _CLAUSE.split(sentence[found.end() :])[0]
    return ""


def _channels(said: str, channel: str) -> tuple[str, ...]:
    """The channels meant; where none is named, the one written on. In the web chat nobody is written to unasked but by
    push."""
    named: list[str] = []
    if _ABOUT_CALLS.search(said):
        named.append("voice")
    if _ABOUT_MAIL.search(said):
        named.append("email")
    if _ABOUT_WHATSAPP.search(said):
        named.append("whatsapp")
    if _ABOUT_SMS.search(said) and "whatsapp" not in named:
        named += ["sms", "whatsapp"] if channel != "sms" else ["sms"]
    own = "push" if channel == "chat" else channel
    return tuple(dict.fromkeys(named)) or (own,)


def _plain(text: str) -> str:
    """Small letters without accents, straight apostrophes, single spaces; line breaks stay."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l").replace("ø", "o"))
    bare = "".join(each for each in folded if not unicodedata.combining(each))
    straight = bare.translate({0x2019: "'", 0x2018: "'", 0x60: "'", 0xB4: "'", 0xA0: " "})
    return "\n".join(" ".join(line.split()) for line in straight.splitlines())
