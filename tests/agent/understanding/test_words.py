from __future__ import annotations

from agent.understanding import places
from agent.understanding.language import language
from agent.understanding.synonyms import alike, expansions
from agent.understanding.wants import has, met, wants
from agent.understanding.words import content, rarity, stems
from knowledge.sparse import stem


def test_common_words_weigh_less_than_rare_ones() -> None:
    assert rarity("time") < rarity("delivery") < rarity("hydrostatic")
    assert rarity("zzzyx") == 1.0


def test_content_words_leave_the_asking_out() -> None:
    assert set(content("Could you please tell me how much delivery to Japan is?")) == {stem("delivery"), stem("japan")}
    assert content("how much is it?") == {}


def test_stems_join_what_differs_by_ending() -> None:
    assert stems("returned returning returns") == stems("return")


def test_synonyms_stand_both_ways() -> None:
    assert stem("delivery") in alike()[stem("postage")]
    assert stem("postage") in alike()[stem("delivery")]


def test_expansions_add_nothing_the_text_has() -> None:
    assert "delivery" in expansions("what is postage")
    assert "delivery" not in expansions("delivery postage")
    assert expansions("") == []
    assert len(expansions("shop store send swap mend quid coat voucher kid dog train flight", 4)) <= 4


def test_a_city_lies_in_its_country_and_its_regions() -> None:
    assert places.regions("a parcel to Galway") >= {"Ireland", "EU", "Europe"}
    assert places.countries("a parcel to Galway") == {"Ireland"}
    assert "EU" not in places.regions("a parcel to Glasgow")


def test_words_that_are_also_places_count_only_with_a_capital() -> None:
    assert places.countries("a nice cork board, please contact us") == frozenset()
    assert places.countries("we live in Cork") == {"Ireland"}
    assert places.countries("does it ship to the US") == {"United States"}


def test_northern_ireland_is_not_ireland() -> None:
    assert places.countries("delivery to Northern Ireland") == {"Northern Ireland"}


def test_the_wanted_kind_of_answer_is_read_and_met() -> None:
    assert "money" in wants("how much is a bus ticket")
    assert "money" not in wants("how much time does it take")
    assert "time" in wants("when do you close")
    assert "weight" in wants("how heavy is it")
    assert has("It costs £4.50.", "money")
    assert has("Open until 17:30 on Sundays.", "time")
    assert not has("It is blue.", "weight")
    assert met("It weighs 2 kg.", frozenset({"weight"})) == 1.0
    assert met("It is blue.", frozenset({"weight"})) == 0.0
    assert met("anything", frozenset()) == 0.5


def test_language_is_told_where_it_can_be() -> None:
    assert language("Where is my order, please?") == "en"
    assert language("Wo ist meine Bestellung und wann kann ich sie haben?") == "de"
    assert language("¿Dónde está mi pedido y cuándo puedo recibirlo?") == "es"
    assert language("мой заказ не пришёл") == "ru"
    assert language("") == "en"
    assert language("12345") == "en"
