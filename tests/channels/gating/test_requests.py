"""A text that asks for an answer on which carriers act is told from one that says how to opt out."""

from __future__ import annotations

import pytest

from channels.gating.requests import asked_keyword


@pytest.mark.parametrize(
    "text",
    [
        "Reply YES to confirm your appointment",
        "Your order is late. Reply CANCEL to cancel it.",
        "Text END to end your subscription",
        'Please reply "yes" if the time suits you',
        "Reply STOP to cancel your order",
        "Responda YES para confirmar su cita",
        "Répondez CANCEL pour annuler votre commande",
        "Antworten Sie mit YES um den Termin zu bestätigen",
        "Rispondi YES per confermare l'ordine",
        "Responda YES para confirmar a encomenda",
        "Antwoord met YES om de afspraak te bevestigen",
        "Odpisz YES aby potwierdzić wizytę",
        "please reply yes to confirm",
        "Send the word QUIT to us",
    ],
)
def test_a_business_answer_by_a_reserved_word_is_found(text: str) -> None:
    assert asked_keyword(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sale today! Reply STOP to opt out.",
        "Acme: 10% off. Reply STOP to unsubscribe, HELP for help",
        "Nouveautés ! Répondez STOP pour vous désabonner",
        "Offre du jour. STOP au 36111",
        "Responde STOP para darte de baja",
        "Antworten Sie STOP um sich abzumelden",
        "Text STOP to end messages",
        "Reply START to get texts again after opting out",
        "Your order has been cancelled. Reply in your own words.",
        "The bus will stop at the end of the road",
        "Answer our survey at https://x.example",
        "",
    ],
)
def test_what_says_how_to_opt_out_stays(text: str) -> None:
    assert asked_keyword(text) == ""
