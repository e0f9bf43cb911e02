"""Pairs of statements as two articles hold them: those that cannot both be true, and those that only look so."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    left: str
    left_title: str
    right: str
    right_title: str


CONTRADICTING = (
    Pair("Returns are free within 30 days.", "How to return", "Returns are free within 14 days.", "Returns policy"),
    Pair(
        "You have 60 days to return unused items.",
        "How long you have to return something",
        "Unused items can be returned within 30 days.",
        "Returns policy",
    ),
    Pair("Return postage costs £2.95.", "How to return", "The fee for return postage is £3.50.", "Returns FAQ"),
    Pair(
        "Refunds take 3 to 5 working days.",
        "When you get your refund",
        "Refunds take up to 10 working days.",
        "Refunds",
    ),
    Pair(
        "Gift cards can be refunded.",
        "Gift cards",
        "Gift cards cannot be refunded.",
        "Buying gift cards",
    ),
    Pair(
        "Standard delivery takes 3 to 5 working days.",
        "Delivery times",
        "Standard delivery takes 5 to 7 working days.",
        "Delivery information",
    ),
    Pair(
        "Orders over £50 are delivered free.",
        "Delivery costs",
        "Delivery is free on orders over £75.",
        "Delivery overview",
    ),
    Pair(
        "An order can be cancelled within 2 hours.",
        "Change or cancel an order",
        "You can cancel your order for 24 hours.",
        "Cancelling an order",
    ),
    Pair("The warranty on tents lasts two years.", "Warranty", "Tents have a warranty of 3 years.", "Our warranty"),
    Pair(
        "The student discount is 10%.",
        "Student discount",
        "Student discount: 15% off.",
        "Student and blue light discount",
    ),
    Pair(
        "Repairs are returned within three weeks.", "Repairs", "Repairs are sent back within 10 days.", "Repair service"
    ),
    Pair(
        "Phone support is open until 18:00 on weekdays.",
        "Contact us",
        "On weekdays, phone support is open until 8 pm.",
        "How to contact us",
    ),
    Pair("A rucksack may weigh at most 20 kg.", "Rucksack sizes", "Rucksacks may weigh at most 25 kg.", "Rucksack fit"),
    Pair(
        "Personalised items cannot be exchanged.",
        "Exchanges",
        "Personalised items can be exchanged.",
        "Exchanging an item",
    ),
    Pair(
        "The last day for Christmas delivery orders is 20 December.",
        "Christmas delivery",
        "The last day for Christmas delivery orders is 18 December.",
        "Christmas delivery FAQ",
    ),
    # Said in other words, as people do: these are beyond a comparison of words.
    Pair(
        "Sending something back costs nothing in the first month.",
        "How to return",
        "We charge £2.95 for every return parcel.",
        "Returns policy",
    ),
    Pair("We do not ship to Switzerland.", "Where we deliver", "Delivery to Switzerland costs £12.", "Delivery costs"),
    Pair(
        "Points expire after a year without a purchase.",
        "Cairn Club",
        "Your points stay valid for 24 months.",
        "Cairn Club points",
    ),
    Pair(
        "All boots come with a lifetime guarantee.", "Boots", "The guarantee on boots is two years.", "Boot guarantee"
    ),
    Pair(
        "Members pay no postage on returns.",
        "Cairn Club",
        "Return postage costs £2.95 for everybody, members too.",
        "Returns",
    ),
)
FOUND = 14
"""How many of them the check finds: those that say it in the same words."""

HARMLESS = (
    Pair("Delivery takes 3 days.", "Delivery to Ireland", "Delivery takes 5 days.", "Delivery to France"),
    Pair("The monthly fee is $5.", "Silver Card: Fees", "The monthly fee is $7.", "Gold Card: Fees"),
    Pair("Sale items can be returned within 14 days.", "Returns", "Items can be returned within 60 days.", "Returns"),
    Pair("Standard delivery costs £4.95.", "Delivery", "Express delivery costs £8.95.", "Delivery"),
    Pair("Orders over £50 get 5% off.", "Discounts", "Orders over £100 get 10% off.", "Discounts"),
    Pair("Orders under £50 cost £3.", "Delivery", "Orders over £50 cost £1.", "Delivery"),
    Pair("Check-in is at 3 pm.", "Your stay", "Check-out is at 11 am.", "Your stay"),
    Pair("A refund takes 14 days.", "Refunds", "A refund takes two weeks.", "Refund times"),
    Pair("It costs £4.50.", "Postage", "It costs 4.50 pounds.", "Return postage"),
    Pair("The fee was £5 in 2025.", "Fees", "The fee was £6 in 2026.", "Fees"),
    Pair("Opened items cannot be returned.", "Returns", "Unopened items can be returned.", "Returns"),
    Pair("Can I return it after 30 days?", "Returns", "Can I return it after 60 days?", "Returns FAQ"),
    Pair("The kettle holds 1.7 litres.", "Kettle KX-2", "The kettle holds 1 litre.", "Kettle KX-5"),
    Pair("If you have no receipt, bring the card.", "Gifts", "If you have a receipt, bring the card.", "Gift returns"),
    Pair("It takes 3 days.", "Repairs", "It takes 10 days.", "Refunds"),
    Pair("Call 01539 555010 for help.", "Contact us", "Call 01539 555099 for help.", "Contact"),
    Pair(
        "Parking costs £10 a night.", "Gonville Hotel: parking", "Parking costs £15 a night.", "The Lensfield: parking"
    ),
    Pair("Members have 90 days to return items.", "Returns", "You have 60 days to return items.", "Returns policy"),
)
