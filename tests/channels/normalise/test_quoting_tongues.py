# ruff: noqa: E501  (lines are as mail programs write them)
"""What mail programs put around a reply, in many languages: gone, and not a word of the customer with it.

Attributions, header blocks and device lines are written as the programs have them; the rest is this test's own.
"""

from __future__ import annotations

import pytest

from channels.normalise.quoting import strip_quoted

QUOTED = "Your order is ready.\nPlease choose a date.\n\nRegards\nThe shop"
ADDRESS = "<help@shop.example>"

# What the customer writes, how Gmail announces a quote, the labels and the date of Outlook's block, device lines.
TONGUES: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        "Thanks, that works for me.\nWhen will it ship?",
        "On Wed, Jun 3, 2026 at 9:05 AM The Shop <help@shop.example> wrote:",
        ("From", "Sent", "To", "Subject", "Wednesday, June 3, 2026 9:05 AM"),
        (
            "Sent from my iPhone",
            "Sent from my Galaxy",
            "Sent from Outlook for iOS",
            "Get Outlook for Android",
            "Sent from Yahoo Mail for iPhone",
            "Sent from Proton Mail for iOS",
            "Sent via BT Email App",
        ),
    ),
    "de": (
        "Danke, das passt.\nWann wird es verschickt?",
        "Am Mi., 3. Juni 2026 um 09:05 Uhr schrieb The Shop <help@shop.example>:",
        ("Von", "Gesendet", "An", "Betreff", "Mittwoch, 3. Juni 2026 09:05"),
        (
            "Von meinem iPhone gesendet",
            "Von meinem Samsung Galaxy Smartphone gesendet.",
            "Gesendet von Outlook für iOS",
            "Holen Sie sich Outlook für Android",
            "Gesendet mit der GMX Mail App",
            "Gesendet von Yahoo Mail auf Android",
        ),
    ),
    "fr": (
        "Merci, cela me convient.\nQuand est-ce expédié ?",
        "Le mer. 3 juin 2026 à 09:05, The Shop <help@shop.example> a écrit :",
        ("De", "Envoyé", "À", "Objet", "mercredi 3 juin 2026 09:05"),
        (
            "Envoyé de mon iPhone",
            "Envoyé depuis mon appareil Galaxy",
            "Envoyé depuis l'application Mail Orange",
            "Télécharger Outlook pour Android",
            "Envoyé à partir de Outlook pour iOS",
        ),
    ),
    "es": (
        "Gracias, me sirve.\n¿Cuándo se envía?",
        "El mié, 3 jun 2026 a las 9:05, The Shop (<help@shop.example>) escribió:",
        ("De", "Enviado el", "Para", "Asunto", "miércoles, 3 de junio de 2026 9:05"),
        (
            "Enviado desde mi iPhone",
            "Enviado desde mi Galaxy",
            "Obtener Outlook para Android",
            "Enviado desde Outlook para iOS",
        ),
    ),
    "it": (
        "Grazie, va bene.\nQuando parte?",
        "Il giorno mer 3 giu 2026 alle ore 09:05 The Shop <help@shop.example> ha scritto:",
        ("Da", "Inviato", "A", "Oggetto", "mercoledì 3 giugno 2026 09:05"),
        (
            "Inviato da iPhone",
            "Inviato dal mio Galaxy",
            "Ottieni Outlook per Android",
            "Inviato da Outlook per iOS",
            "Scarica Outlook per iOS",
        ),
    ),
    "pt": (
        "Obrigado, serve.\nQuando é enviado?",
        "Em qua., 3 de jun. de 2026 às 09:05, The Shop <help@shop.example> escreveu:",
        ("De", "Enviada", "Para", "Assunto", "quarta-feira, 3 de junho de 2026 09:05"),
        (
            "Enviado do meu iPhone",
            "Enviado do meu Galaxy",
            "Obter o Outlook para Android",
            "Enviado do Outlook para iOS",
            "Obtenha o Outlook para iOS",
        ),
    ),
    "nl": (
        "Dank u, dat is goed.\nWanneer wordt het verzonden?",
        "Op wo 3 jun 2026 om 09:05 schreef The Shop <help@shop.example>:",
        ("Van", "Verzonden", "Aan", "Onderwerp", "woensdag 3 juni 2026 09:05"),
        (
            "Verstuurd vanaf mijn iPhone",
            "Verzonden vanaf mijn Galaxy",
            "Outlook voor Android downloaden",
            "Verzonden vanuit Outlook voor iOS",
        ),
    ),
    "sv": (
        "Tack, det passar.\nNär skickas det?",
        "Den ons 3 juni 2026 kl 09:05 skrev The Shop <help@shop.example>:",
        ("Från", "Skickat", "Till", "Ämne", "den 3 juni 2026 09:05"),
        (
            "Skickat från min iPhone",
            "Hämta Outlook för Android",
            "Skickat från Outlook för iOS",
        ),
    ),
    "pl": (
        "Dziękuję, pasuje.\nKiedy wyślecie?",
        "śr., 3 cze 2026 o 09:05 The Shop <help@shop.example> napisał(a):",
        ("Od", "Wysłano", "Do", "Temat", "środa, 3 czerwca 2026 09:05"),
        (
            "Wysłane z iPhone’a",
            "Wysłano z iPhone'a",
            "Pobierz aplikację Outlook dla systemu Android",
            "Wysłane z telefonu Galaxy",
        ),
    ),
    "da": (
        "Tak, det passer.\nHvornår sendes det?",
        "Den ons. 3. jun. 2026 kl. 09.05 skrev The Shop <help@shop.example>:",
        ("Fra", "Sendt", "Til", "Emne", "3. juni 2026 09:05"),
        (
            "Sendt fra min iPhone",
            "Hent Outlook til Android",
        ),
    ),
    "no": (
        "Takk, det passer.\nNår sendes det?",
        "ons. 3. juni 2026 kl. 09:05 skrev The Shop <help@shop.example>:",
        ("Fra", "Sendt", "Til", "Emne", "onsdag 3. juni 2026 09:05"),
        (
            "Sendt fra min iPhone",
            "Sendt fra Outlook for iOS",
        ),
    ),
    "fi": (
        "Kiitos, sopii.\nMilloin se lähetetään?",
        "ke 3. kesäk. 2026 klo 9.05 The Shop (help@shop.example) kirjoitti:",
        ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe", "keskiviikko 3. kesäkuuta 2026 9.05"),
        (
            "Lähetetty iPhonesta",
            "Hanki Outlook Androidille",
        ),
    ),
    "cs": (
        "Děkuji, to vyhovuje.\nKdy to odešlete?",
        "st 3. 6. 2026 v 9:05 odesílatel The Shop <help@shop.example> napsal:",
        ("Od", "Odesláno", "Komu", "Předmět", "středa 3. června 2026 9:05"),
        (
            "Odesláno z iPhonu",
            "Odesláno z mého iPhonu",
            "Získat Outlook pro Android",
        ),
    ),
    "ru": (
        "Спасибо, подходит.\nКогда отправите?",
        "ср, 3 июн. 2026 г. в 09:05, The Shop <help@shop.example>:",
        ("От", "Отправлено", "Кому", "Тема", "3 июня 2026 г. 9:05"),
        (
            "Отправлено с iPhone",
            "Отправлено с моего iPhone",
            "Отправлено из мобильной Почты Mail.ru",
            "Отправлено из Яндекс Почты",
        ),
    ),
    "uk": (
        "Дякую, підходить.\nКоли надішлете?",
        "ср, 3 черв. 2026 р. о 09:05 The Shop <help@shop.example> пише:",
        ("Від", "Надіслано", "Кому", "Тема", "3 червня 2026 р. 9:05"),
        ("Надіслано з iPhone",),
    ),
    "tr": (
        "Teşekkürler, olur.\nNe zaman gönderilir?",
        "The Shop <help@shop.example>, 3 Haz 2026 Çar, 09:05 tarihinde şunu yazdı:",
        ("Gönderen", "Gönderildi", "Kime", "Konu", "3 Haziran 2026 Çarşamba 09:05"),
        (
            "iPhone’umdan gönderildi",
            "iPhone'umdan gönderildi",
        ),
    ),
    "ja": (
        "ありがとうございます。\nいつ発送されますか。",
        "2026年6月3日(水) 9:05 The Shop <help@shop.example>:",
        ("差出人", "送信日時", "宛先", "件名", "2026年6月3日 9:05"),
        (
            "iPhoneから送信",
            "Galaxyから送信",
            "Outlook for iOS を入手",
        ),
    ),
    "zh": (
        "谢谢，可以。\n什么时候发货？",
        "The Shop <help@shop.example> 于2026年6月3日周三 09:05写道：",
        ("发件人", "发送时间", "收件人", "主题", "2026年6月3日 9:05"),
        (
            "发自我的iPhone",
            "從我的 iPhone 傳送",
            "获取 Outlook for Android",
        ),
    ),
    "ko": (
        "감사합니다.\n언제 발송되나요?",
        "2026년 6월 3일 (수) 오전 9:05, The Shop <help@shop.example>님이 작성:",
        ("보낸 사람", "보낸 날짜", "받는 사람", "제목", "2026년 6월 3일 수요일 오전 9:05"),
        (
            "나의 iPhone에서 보냄",
            "iPhone에서 보냄",
        ),
    ),
    "hu": (
        "Köszönöm, megfelel.\nMikor küldik?",
        "The Shop <help@shop.example> ezt írta (időpont: 2026. jún. 3., Sze, 9:05):",
        ("Feladó", "Elküldve", "Címzett", "Tárgy", "2026. június 3., szerda 9:05"),
        ("Az iPhone-omról küldve",),
    ),
    "ro": (
        "Mulțumesc, e bine.\nCând se expediază?",
        "mie., 3 iun. 2026 la 09:05, The Shop <help@shop.example> a scris:",
        ("De la", "Trimis", "Către", "Subiect", "miercuri, 3 iunie 2026 09:05"),
        ("Trimis de pe iPhone-ul meu",),
    ),
    "el": (
        "Ευχαριστώ, μου κάνει.\nΠότε στέλνεται;",
        "Στις Τετ 3 Ιουν 2026 στις 9:05 π.μ., ο/η The Shop <help@shop.example> έγραψε:",
        ("Από", "Στάλθηκε", "Προς", "Θέμα", "Τετάρτη, 3 Ιουνίου 2026 9:05 πμ"),
        ("Στάλθηκε από το iPhone μου",),
    ),
    "ca": (
        "Gràcies, em va bé.\nQuan s'envia?",
        "Missatge de The Shop <help@shop.example> del dia dc., 3 de juny 2026 a les 9:05:",
        ("De", "Enviat el", "Per a", "Assumpte", "dimecres, 3 de juny de 2026 9:05"),
        ("Enviat des del meu iPhone",),
    ),
    "hr": (
        "Hvala, odgovara.\nKada se šalje?",
        "sri, 3. lip 2026. u 09:05 The Shop <help@shop.example> napisao je:",
        ("Šalje", "Poslano", "Prima", "Predmet", "srijeda, 3. lipnja 2026. 9:05"),
        ("Poslano s mog iPhonea",),
    ),
    "sk": (
        "Ďakujem, vyhovuje.\nKedy to pošlete?",
        "st 3. 6. 2026 o 9:05 The Shop <help@shop.example> napísal(a):",
        ("Od", "Odoslané", "Komu", "Predmet", "streda 3. júna 2026 9:05"),
        ("Odoslané z iPhonu",),
    ),
    "bg": (
        "Благодаря, устройва ме.\nКога ще изпратите?",
        "На ср, 3.06.2026 г. в 9:05 The Shop <help@shop.example> написа:",
        ("От", "Изпратено", "До", "Относно", "сряда, 3 юни 2026 г. 9:05"),
        (),
    ),
    "he": (
        "תודה, זה מתאים.\nמתי זה נשלח?",
        "\u202bבתאריך יום ד׳, 3 ביוני 2026 ב-9:05 מאת \u202aThe Shop\u202c\u200f <\u202ahelp@shop.example\u202c\u200f>:\u202c",
        ("מאת", "נשלח", "אל", "נושא", "יום רביעי 3 יוני 2026 9:05"),
        ("נשלח מה-iPhone שלי",),
    ),
    "ar": (
        "شكرا، هذا مناسب.\nمتى يتم الشحن؟",
        "في الأربعاء، 3 يونيو 2026 في 9:05 ص تمت كتابة ما يلي بواسطة The Shop <help@shop.example>:",
        ("من", "تاريخ الإرسال", "إلى", "الموضوع", "الأربعاء، 3 يونيو 2026 9:05 ص"),
        ("أُرسلت من الـ iPhone",),
    ),
    "vi": (
        "Cảm ơn, được rồi.\nKhi nào gửi?",
        "Vào Th 4, 3 thg 6, 2026 vào lúc 09:05 The Shop <help@shop.example> đã viết:",
        ("Từ", "Đã gửi", "Đến", "Chủ đề", "Thứ Tư, 3 tháng 6, 2026 9:05 SA"),
        ("Đã gửi từ iPhone của tôi",),
    ),
    "id": (
        "Terima kasih, cocok.\nKapan dikirim?",
        "Pada Rab, 3 Jun 2026 pukul 09.05 The Shop <help@shop.example> menulis:",
        ("Dari", "Dikirim", "Kepada", "Subjek", "Rabu, 03 Juni 2026 09.05"),
        ("Dikirim dari iPhone saya",),
    ),
    "th": (
        "ขอบคุณค่ะ\nส่งเมื่อไหร่คะ",
        "ในวันที่ พ. 3 มิ.ย. 2026 เวลา 09:05 The Shop <help@shop.example> เขียนว่า:",
        ("จาก", "ส่ง", "ถึง", "หัวเรื่อง", "วันพุธที่ 3 มิถุนายน 2026 9:05"),
        ("ส่งจาก iPhone ของฉัน",),
    ),
}

# Apple Mail, Thunderbird, Yahoo, Proton, Outlook, Samsung, help desks: all above the same quote.
ANNOUNCEMENTS = [
    "On 03.06.26 09:05, The Shop wrote:",
    "On 2026/06/03 9:05, The Shop wrote:",
    "On 3/6/26 9:05 am, The Shop wrote:",
    "Am 03.06.26 um 09:05 schrieb The Shop:",
    "Le 03/06/2026 à 09:05, The Shop a écrit :",
    "El 3/6/26 a las 9:05, The Shop escribió:",
    "Il 03/06/2026 09:05, The Shop ha scritto:",
    "Op 03-06-2026 om 09:05 schreef The Shop:",
    "W dniu 03.06.2026 o 09:05, The Shop pisze:",
    "Em 03/06/2026 09:05, The Shop escreveu:",
    "Den 2026-06-03 kl. 09:05, skrev The Shop:",
    "03.06.2026 09:05, The Shop пишет:",
    "Dne 03. 06. 26 v 9:05 The Shop napsal(a):",
    "Den 03-06-2026 kl. 09:05 skrev The Shop:",
    "2026. 06. 03. 9:05 keltezéssel, The Shop írta:",
    "3.6.2026 klo 9.05, The Shop kirjoitti:",
    "Pe 3.6.2026 klo 9.05 The Shop kirjoitti:",
    "On Wednesday, June 3, 2026 at 09:05:00 AM GMT+1, The Shop {address} wrote:",
    "Am Mittwoch, 3. Juni 2026 um 09:05:00 MESZ hat The Shop {address} Folgendes geschrieben:",
    "Le mercredi 3 juin 2026 à 09:05:00 UTC+2, The Shop {address} a écrit :",
    "Il mercoledì 3 giugno 2026 alle ore 09:05:00 CEST, The Shop {address} ha scritto:",
    "En miércoles, 3 de junio de 2026, 09:05:00 CEST, The Shop {address} escribió:",
    "Am 03.06.2026 um 09:05 schrieb The Shop {address}:",
    "Le 3 juin 2026 à 09:05, The Shop {address} a écrit :",
    "El 3 jun 2026, a las 9:05, The Shop {address} escribió:",
    "Il giorno 3 giu 2026, alle ore 09:05, The Shop {address} ha scritto:",
    "Op 3 jun. 2026 om 09:05 heeft The Shop {address} het volgende geschreven:",
    "3 juni 2026 kl. 09:05 skrev The Shop {address}:",
    "2026/06/03 9:05、The Shop {address}のメール:",
    "在 2026年6月3日，上午9:05，The Shop {address} 写道：",
    "2026. 6. 3. 오전 9:05, The Shop {address} 작성:",
    "Wiadomość napisana przez The Shop {address} w dniu 3 cze 2026, o godz. 09:05:",
    "Den 3. jun. 2026 kl. 09.05 skrev The Shop {address}:",
    "No dia 3 de jun. de 2026, às 09:05, The Shop {address} escreveu:",
    "3 июня 2026 г., в 9:05, The Shop {address} написал(а):",
    "The Shop {address} şunları yazdı (3 Haz 2026 09:05):",
    "On Wednesday, June 3rd, 2026 at 9:05 AM, The Shop {address} wrote:",
    "Le mercredi 3 juin 2026 à 09:05, The Shop {address} a écrit :",
    "On Jun 3, 2026, at 09:05, The Shop via Support {address} wrote:",
    "On 3 Jun 2026, 09:05 +0100, The Shop {address}, wrote:",
    "The Shop {address} wrote on Wed, 3 Jun 2026 at 09:05:",
    "The Shop schrieb am 03.06.2026 um 09:05:",
    'Gesendet: Mittwoch, 3. Juni 2026 um 09:05 Uhr\nVon: "The Shop" {address}\nAn: ann@example.org\nBetreff: Ihre Bestellung',
    "-------- Original message --------\nFrom: The Shop {address}\nDate: 03/06/2026 09:05 (GMT+00:00)\nTo: ann@example.org\nSubject: Your order",
    "-------- Originele bericht --------\nVan: The Shop {address}\nDatum: 03-06-2026 09:05 (GMT+01:00)\nAan: ann@example.org\nOnderwerp: Bestelling",
    "-------- Message d'origine --------\nDe : The Shop {address}\nDate : 03/06/2026 09:05 (GMT+01:00)\nÀ : ann@example.org\nObjet : Commande",
    "-------- Messaggio originale --------\nDa: The Shop {address}\nData: 03/06/26 09:05 (GMT+01:00)\nA: ann@example.org\nOggetto: Ordine",
    "-------- Mensaje original --------\nDe: The Shop {address}\nFecha: 3/6/26 9:05 (GMT+01:00)\nPara: ann@example.org\nAsunto: Pedido",
    "-------- Ursprüngliche Nachricht --------\nVon: The Shop {address}\nDatum: 03.06.26 09:05 (GMT+01:00)\nAn: ann@example.org\nBetreff: Bestellung",
    "-------- Oryginalna wiadomość --------\nOd: The Shop {address}\nData: 03.06.2026 09:05 (GMT+01:00)\nDo: ann@example.org\nTemat: Zamówienie",
    "-------- Исходное сообщение --------\nОт: The Shop {address}\nДата: 03.06.2026 09:05\nКому: ann@example.org\nТема: Заказ",
    "-----Ursprüngliche Nachricht-----\nVon: The Shop {address}\nGesendet: Mittwoch, 3. Juni 2026 09:05\nAn: 'Ann' <ann@example.org>\nBetreff: Bestellung",
    "-----Oprindelig meddelelse-----\nFra: The Shop {address}\nSendt: 3. juni 2026 09:05\nTil: ann@example.org\nEmne: Ordre",
    "-----Opprinnelig melding-----\nFra: The Shop {address}\nSendt: onsdag 3. juni 2026 09:05\nTil: ann@example.org\nEmne: Ordre",
    "-----Messaggio originale-----\nDa: The Shop {address}\nInviato: mercoledì 3 giugno 2026 09:05\nA: ann@example.org\nOggetto: Ordine",
    "---------- Weitergeleitete Nachricht ---------\nVon: The Shop {address}\nDate: Mi., 3. Juni 2026 um 09:05 Uhr\nSubject: Bestellung\nTo: <ann@example.org>",
    "---------- Mensaje reenviado ----------\nDe: The Shop {address}\nDate: mié, 3 jun 2026 a las 9:05\nSubject: Pedido\nTo: <ann@example.org>",
    "---------- Message transféré ---------\nDe : The Shop {address}\nDate: mer. 3 juin 2026 à 09:05\nSubject: Commande\nTo: <ann@example.org>",
    "Begin forwarded message:\n\nFrom: The Shop {address}\nSubject: Your order\nDate: 3 June 2026 at 09:05:00 BST\nTo: ann@example.org",
    "Anfang der weitergeleiteten Nachricht:\n\nVon: The Shop {address}\nBetreff: Bestellung\nDatum: 3. Juni 2026 um 09:05:00 MESZ\nAn: ann@example.org",
    "##- Bitte geben Sie Ihre Antwort über dieser Zeile ein. -##",
    "##- Please type your reply above this line -##",
    "--- Reply above this line ---",
    "##- Veuillez saisir votre réponse au-dessus de cette ligne -##",
    "From: The Shop {address} \nSent: 03 June 2026 09:05\nTo: Ann Example <ann@example.org>\nCc: Bob <bob@example.org>\nSubject: RE: Your order",
    "________________________________\nVon: The Shop {address}\nGesendet: Mittwoch, 3. Juni 2026 09:05\nAn: Ann <ann@example.org>\nCc: Bob <bob@example.org>\nBetreff: AW: Bestellung",
    'From: "The Shop" {address}\nTo: "Ann" <ann@example.org>\nSent: Wednesday, 3 June, 2026 09:05:00\nSubject: Your order',
    "*From:* The Shop {address}\n*Sent:* Wednesday, June 3, 2026 9:05 AM\n*To:* Ann\n*Subject:* Your order",
    "On Wed, 3 Jun 2026 09:05:00 +0100\nThe Shop {address} wrote:",
    "On Wed, Jun 3, 2026 at 9:05 AM The Shop Returns and Refunds Department <\nhelp@shop.example> wrote:",
    "Am Mi., 3. Juni 2026 um 09:05 Uhr schrieb The Shop Kundendienst Retouren <\nhelp@shop.example>:",
]

REPLY = "Thanks, that is fine.\n\nI still need:\n- one lamp\n- two bulbs\n\nBest wishes,\nAnn Example"

tongues = pytest.mark.parametrize("tongue", TONGUES)


def marked(text: str, mark: str = "> ") -> str:
    return "\n".join(f"{mark}{line}".rstrip() for line in text.split("\n"))


@tongues
@pytest.mark.parametrize("mark", ["> ", ""])
def test_a_quote_below_is_left_out(tongue: str, mark: str) -> None:
    reply, wrote, _, _ = TONGUES[tongue]
    assert strip_quoted(f"{reply}\n\n{wrote}\n\n{marked(QUOTED, mark)}\n") == reply


@tongues
@pytest.mark.parametrize("form", ["{0}: {1}", "*{0}:* {1}"])
@pytest.mark.parametrize("rule", ["", "________________________________\n"])
def test_a_quoted_header_block_is_left_out_with_what_follows(tongue: str, form: str, rule: str) -> None:
    reply, _, (sender, sent, to, subject, date), _ = TONGUES[tongue]
    values = (f"The Shop {ADDRESS}", date, "Ann Example <ann@example.org>", "Your order")
    block = "\n".join(
        form.format(label, value) for label, value in zip((sender, sent, to, subject), values, strict=True)
    )
    assert strip_quoted(f"{reply}\n\n{rule}{block}\n\n{QUOTED}\n") == reply


@tongues
def test_an_answer_below_or_between_stays(tongue: str) -> None:
    reply, wrote, _, _ = TONGUES[tongue]
    assert strip_quoted(f"{wrote}\n{marked(QUOTED)}\n\n{reply}\n") == reply
    between = f"{wrote}\n> Your order is ready.\n{reply}\n> Please choose a date.\nMonday.\n>\n> Regards\n> The shop\n"
    assert strip_quoted(between) == f"> Your order is ready.\n{reply}\n> Please choose a date.\nMonday."


@tongues
def test_what_a_telephone_or_program_signs_with_is_left_out(tongue: str) -> None:
    reply, wrote, _, devices = TONGUES[tongue]
    for device in devices:
        assert strip_quoted(f"{reply}\n\n{device}\n") == reply
        assert strip_quoted(f"{reply}\n\n{device}\n\n{wrote}\n\n{marked(QUOTED)}\n") == reply


@pytest.mark.parametrize("announcement", ANNOUNCEMENTS)
def test_nothing_below_an_announcement_is_the_customers(announcement: str) -> None:
    above = announcement.replace("{address}", ADDRESS)
    for mark in ("> ", ""):
        assert strip_quoted(f"{REPLY}\n\n{above}\n\n{marked(QUOTED, mark)}\n") == REPLY


@pytest.mark.parametrize(
    "text",
    [
        "On Monday 3 June 2026 at 09:05 I ordered from you:\n2 lamps\n1 bulb",
        "My details:\nName: Ann Example\nEmail: ann@example.org\nDate: 3 June 2026 9:05\nOrder: 12345",
        "I was told by help@shop.example on 3.6.2026 at 9:05 that:\nthe lamp is in stock",
        "iPhone 15 Pro, black",
        "Which one?\n\nThe iPhone 14",
        "Get outlook of the delivery please",
        "From Monday to Friday: closed",
        "Order: 1\nDate: 2\nName: 3\nTotal: 4",
        "Ich habe es am 3. Juni 2026 um 9:05 Uhr gesendet",
        "Sent via DHL yesterday\n\nStill nothing",
        "From: Leeds\nTo: York\nDate: 3 June 2026\nHow much is it?",
        "The mail app shows an error:\n\nSent from unknown device?",
    ],
)
def test_a_customers_own_lines_that_look_alike_stay(text: str) -> None:
    assert strip_quoted(text) == text
