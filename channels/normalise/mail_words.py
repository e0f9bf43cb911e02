"""How mail programs announce what they quote, by language. Data, written from the programs' own output.

Each constant says what kind of line it recognises; `quoting.py` says what follows from it.
"""

from __future__ import annotations

import re

# Verbs that end an attribution ("On 3 May 2026, Ann wrote:"), as mail programs translate them.
WROTE = (
    "wrote|writes|pisze|schrieb|schreef|a écrit|escribió|escribio|escreveu|ha scritto|scrisse|skrev|skrev följande|"
    r"napisał\(a\)|napisał|napisała|napsal\(a\)|napsal|napísal\(a\)|написал\(а\)|написал|написала|пишет|пише|"
    r"написав|написав\(ла\)|kirjoitti|yazdı|şunu yazdı|a scris|írta|έγραψε|va escriure|ha escrit|skrifaði|"
    "rašė|rakstīja|kirjutas"
    r"|napisao je|napisala je|je napisao|je napisala|написа|menulis|đã viết|เขียนว่า|shkroi|ezt írta(?: \(.{5,60}\))?"
)
# The same where no space stands before the verb.
WROTE_JOINED = "写道|寫道|さんは書きました|님이 작성"

# Some put the verb before the date: "Max <max@example.org> schrieb am Fr., 28. Apr. 2017 um 11:53 Uhr:"
WROTE_ON = "wrote on|schrieb am|schreef op|a écrit le|escribió el|escreveu no dia|ha scritto il|skrev den"
# Others the name last: "Am 03.02.2016 15:35 schrieb Max <max@example.org>:"
WROTE_NAME = (
    r"^[>\s]*(?:am|op|den|dne|dnia|w dniu|på|kl)\s.{4,80}\s"
    r"(?:schrieb|schreef|skrev|napsal\(a\)|napsal|napsala|napisał\(a\)|napisał)\s.{1,120}[:：]$"
)

# Labels of a quoted header block ("From: … Sent: … To: … Subject: …").
FROM = (
    "from|von|de|van|da|fra|från|od|od kogo|от|від|lähettäjä|kimden|gönderen|feladó|expéditeur|remitente|"
    "remetente|mittente|afzender|absender|nadawca|de la|от кого|από|šalje|pošiljatelj|מאת|من|từ|dari|จาก|"
    "发件人|寄件者|差出人|보낸 사람"
)
SENT = (
    "sent|date|gesendet|datum|envoyé|envoyé le|le|date d'envoi|verzonden|inviato|inviato il|data|enviado|"
    "enviado el|enviada em|enviado em|fecha|sendt|dato|skickat|wysłano|wysłane|odesláno|lähetetty|päivämäärä|"
    "отправлено|дата|надіслано|tarih|gönderme tarihi|gönderildi|küldve|elküldve|dátum|trimis|dată|odoslané|στάλθηκε|"
    "ημερομηνία|enviat el|enviat|poslano|изпратено|נשלח|תאריך|تاريخ الإرسال|التاريخ|đã gửi|ngày|dikirim|tanggal|ส่ง|"
    "วันที่|"
    "发送时间|日期|送信日時|日付|날짜"
)
SUBJECT = (
    "subject|betreff|objet|onderwerp|oggetto|asunto|assunto|emne|ämne|temat|předmět|aihe|тема|konu|tárgy|"
    "subiect|θέμα|assumpte|predmet|относно|נושא|الموضوع|chủ đề|subjek|หัวเรื่อง|เรื่อง|主题|主旨|件名|제목"
)
OTHER = (
    "to|an|à|aan|a|para|til|till|do|komu|кому|vastaanottaja|kime|címzett|către|cc|kopie|copie|kopia|kopi|копия|"
    "bcc|προς|per a|prima|до|אל|إلى|đến|kepada|ถึง|către|reply-to|reply to|"
    "antwort an|importance|organization|organisation|收件人|抄送|宛先|받는 사람"
)

# What stands between dashes above a quoted original, or opens a forward.
ORIGINAL = (
    "original message|original email|original appointment|forwarded message|forwarded by.*|reply message|"
    "ursprüngliche nachricht|originalnachricht|original-nachricht|weitergeleitete nachricht|"
    "message d'origine|message original|message transféré|mensaje original|mensaje reenviado|"
    "mensagem original|mensagem encaminhada|messaggio originale|messaggio inoltrato|"
    "oorspronkelijk bericht|doorgestuurd bericht|original meddelelse|oprindelig meddelelse|opprinnelig melding|"
    "ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande|videresendt meddelelse|"
    "oryginalna wiadomość|wiadomość oryginalna|wiadomość przekazana|původní zpráva|пересылаемое сообщение|"
    "исходное сообщение|пересланное сообщение|оригінальне повідомлення|alkuperäinen viesti|orijinal mesaj|"
    "eredeti üzenet|mesaj original|原始邮件|原始郵件|转发的邮件|元のメッセージ"
)
# What help desks put above their mails, so that it stands above the quote of an answer.
ABOVE = (
    r"\W*(?:please )?(?:(?:type|write|enter) your (?:reply|answer)|reply|respond|write).{0,30} above this line\W*|"
    r"\W*.{0,40}antwort.{0,30} über dieser zeile.{0,15}|\W*.{0,40}réponse.{0,20} au-dessus de cette ligne\W*|"
    r"\W*.{0,40}respuesta.{0,20} (?:encima|por encima) de esta línea\W*|\W*.{0,40}risposta.{0,20} sopra questa riga\W*|"
    r"\W*.{0,40}(?:antwoord|reactie).{0,20} boven deze (?:regel|lijn).{0,15}|"
    r"\W*.{0,40}resposta.{0,20} acima desta linha\W*"
)
FORWARDED = "begin forwarded message|anfang der weitergeleiteten nachricht|début du message réexpédié"

# Devices and programs that sign mail by themselves.
DEVICE = (
    r"i\W?phon|i\W?pad|i\W?pod|android|(?:smart|windows |mobile )?phone|telefon\w*|mobil\w*|tablet|cell|handy|device|"
    r"blackberry|samsung|galaxy|huawei|honor|xiaomi|redmi|htc|nokia|oneplus|pixel|wiko|alcatel|lumia|motorola|xperia|"
    r"outlook|yahoo|gmail|windows \d+|windows mail|mail\b.{0,80}for windows|\[mail\]|mailbox|airmail|sparrow|"
    r"proton ?mail|tutanota|spark|k-9|superhuman|newton|bluemail|aquamail|thunderbird|fairphone|typeapp|polymail|"
    r"mailspring|fastmail|canary mail|mymail|apple mail|edison mail|e?\W?mail app|mail orange|яндекс\W?почт|"
    r"(?:мобильной )?почты mail\.ru"
)
SENT_FROM = (
    r"sent (?:from|via|with|using|by)|from my|gesendet (?:von|mit|aus)|"
    r"envoyé (?:de|depuis|à partir|avec|par)|enviado (?:desde|do|de|a partir|con)|inviato (?:da|dal|con)|"
    r"verzonden (?:vanaf|met|via|van)|verstuurd (?:vanaf|met)|skickat från|sendt fra|wysłan[eo] z|odesláno z|"
    r"отправлено (?:с|из)|надіслано (?:з|із)|lähetetty|enviat des de?l?|trimis de pe|odesláno z|odoslané z|poslano s|"
    r"στάλθηκε από|đã gửi từ|dikirim dari|ส่งจาก|изпратено от|verzonden vanuit|verstuurd vanuit"
)
# Lines that are a signature whole, whatever device they name.
SIGNED = (
    r"sent from my(?: [\w.&'’-]+){1,6}|"
    r"(?:get|obtenir|obtén|obtener|obter o|obtenha o|ottieni|holen sie sich|télécharger|scarica|download|hämta|"
    r"hent|hanki|získat|získajte|pobierz(?: aplikację)?|скачать|завантажити|获取|取得) \[?outlook .*|"
    r"\[?outlook (?:voor|for|för|für|til) .{2,20} (?:downloaden|を入手|다운로드)|"
    r"(?:נשלח מ|أُ?رسلت من ).{0,8}i\W?phone.{0,12}|.{0,6}i\W?phone.{0,8} küldve|"
    r"von mein\w* .{1,40} gesendet|diese nachricht wurde von mein.{1,60} gesendet|"
    r"從我的.{1,40}傳送|发自我的.{1,40}|.{1,40}から送信|.{1,40}에서 보냄|.{1,40}'?(?:dan|den) gönderildi"
)


def whole(pattern: str) -> re.Pattern[str]:
    """The pattern, any case, over a whole line."""
    return re.compile(rf"^(?:{pattern})$", re.IGNORECASE)
