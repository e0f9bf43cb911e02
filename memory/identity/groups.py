"""Who is one person, by the links between customers. Pure.

A person is a connected component of the links that hold. Nothing else is remembered of a merge, so taking a link back
gives exactly the persons there would be had it never been.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def heads(customers: Sequence[str], links: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """For each customer the one who stands for their person: the first of the person's in the order given. A link to
    somebody who is not among `customers` joins nobody."""
    rank = {customer: place for place, customer in enumerate(customers)}
    above = {customer: customer for customer in customers}

    def top(customer: str) -> str:
        while above[customer] != customer:
            above[customer] = above[above[customer]]
            customer = above[customer]
        return customer

    for one, other in links:
        if one in rank and other in rank:
            first, second = sorted((top(one), top(other)), key=rank.__getitem__)
            above[second] = first
    return {customer: top(customer) for customer in customers}
