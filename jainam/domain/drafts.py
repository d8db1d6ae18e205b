"""Orders as people and programs write them down: texts and numbers of any kind, read with every complaint at once.

OpenAlgo hands over quantities as text, whole floats or numbers and leaves fields out (host contract 1.2); nothing of
that may turn into a different order than the one meant, so an unknown word is an error and never a default (B-12).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from attrs import frozen

from jainam.domain.errors import InvalidOrder, SymbolNotFound
from jainam.domain.instruments import Contract, SymbolKey
from jainam.domain.money import MOST, ZERO, money
from jainam.domain.orders import Changes, Order, SmartOrder
from jainam.domain.rulebook import RuleBook
from jainam.domain.rules import DEFAULT_RULES
from jainam.domain.validation import broken_rules
from jainam.domain.vocabulary import Exchange, PriceType, Product, Side, TimeInForce

__all__ = ["Draft", "read_changes", "read_draft", "read_order"]

Word = TypeVar("Word", bound=StrEnum)

_FAR = int(MOST)


@frozen(kw_only=True)
class Draft:
    """An order as far as it could be read; ``None`` stands where *problems* says why."""

    key: SymbolKey | None
    side: Side | None
    product: Product | None
    price_type: PriceType | None
    quantity: int | None
    price: Decimal | None
    trigger_price: Decimal | None
    disclosed_quantity: int | None
    target: int | None
    problems: tuple[str, ...]
    time_in_force: TimeInForce | None = TimeInForce.DAY

    def order(
        self,
        contract: Contract | SymbolNotFound | None,
        rules: RuleBook = DEFAULT_RULES,
        today: dt.date | None = None,
    ) -> Order:
        """The order this draft means for *contract*; raises `InvalidOrder` with all that is wrong with it.

        It is held against *rules* and, where it is given, the trading date *today*.
        A symbol that the store does not know is passed as the error itself, to be listed among the other problems;
        it is raised as it is when it is the only one.
        """
        problems = list(self.problems)
        if isinstance(contract, SymbolNotFound):
            problems += broken_rules(self, None, rules)
            if not problems:
                raise contract
            problems.insert(0, str(contract))
        else:
            problems += broken_rules(self, contract, rules, today)
        if problems:
            raise InvalidOrder(problems)
        assert self.key is not None
        assert self.side is not None
        assert self.product is not None
        assert self.price_type is not None
        assert self.quantity is not None
        return Order(
            instrument=self.key,
            side=self.side,
            product=self.product,
            quantity=self.quantity,
            price_type=self.price_type,
            price=self.price or ZERO,
            trigger_price=self.trigger_price or ZERO,
            disclosed_quantity=self.disclosed_quantity or 0,
        )

    def smart_order(self) -> SmartOrder:
        """The wish for a position that this draft means; raises `InvalidOrder` with all that could not be read."""
        problems = list(self.problems)
        if self.target is None and not any("position_size" in problem for problem in problems):
            problems.append("position_size is required")
        if problems:
            raise InvalidOrder(problems)
        assert self.key is not None
        assert self.side is not None
        assert self.product is not None
        assert self.price_type is not None
        assert self.target is not None
        return SmartOrder(
            instrument=self.key,
            product=self.product,
            target=self.target,
            side=self.side,
            quantity=self.quantity or 0,
            price_type=self.price_type,
            price=self.price or ZERO,
            trigger_price=self.trigger_price or ZERO,
            disclosed_quantity=self.disclosed_quantity or 0,
        )


def read_draft(fields: Mapping[str, Any], *, quantity_required: bool = True) -> Draft:
    """Read the fields OpenAlgo uses: symbol, exchange, action, quantity, product, pricetype, price, trigger_price,
    disclosed_quantity, position_size.

    Absent and ``None`` mean the host's defaults (MARKET, MIS, 0). Never raises; what could not be read is in
    `Draft.problems`.
    """
    problems, symbol, exchange, side, product, price_type, quantity, price, trigger, disclosed, target = _read(
        fields, quantity_required
    )
    return Draft(
        key=SymbolKey(symbol, exchange) if symbol and exchange is not None else None,
        side=side,
        product=product,
        price_type=price_type,
        quantity=quantity,
        price=price,
        trigger_price=trigger,
        disclosed_quantity=disclosed,
        target=target,
        problems=tuple(problems),
    )


def read_order(fields: Mapping[str, Any]) -> Order | None:
    """The order of *fields*, read as `read_draft` reads them; ``None`` when some of it could not be read.

    Whether it suits its contract has still to be checked.
    """
    problems, symbol, exchange, side, product, price_type, quantity, price, trigger, disclosed, _ = _read(fields, True)
    if problems:
        return None
    return Order(
        instrument=SymbolKey(symbol, exchange),  # type: ignore[arg-type]  # without problems, none of them is absent
        side=side,  # type: ignore[arg-type]
        product=product,  # type: ignore[arg-type]
        quantity=quantity,  # type: ignore[arg-type]
        price_type=price_type,  # type: ignore[arg-type]
        price=price or ZERO,
        trigger_price=trigger or ZERO,
        disclosed_quantity=disclosed or 0,
    )


_Read = tuple[
    list[str],
    str,
    Exchange | None,
    Side | None,
    Product | None,
    PriceType | None,
    int | None,
    Decimal | None,
    Decimal | None,
    int | None,
    int | None,
]


def _read(fields: Mapping[str, Any], quantity_required: bool) -> _Read:
    """What could not be read, and the terms in the order of `Draft`, symbol and exchange in the place of the key."""
    # Every order passes here, so words and numbers as a program writes them are seen at a glance.
    problems: list[str] = []
    symbol = str(fields.get("symbol") or "").strip()
    if not symbol:
        problems.append("symbol is required")
    exchange, side, product, price_type = _words(fields, problems)
    quantity = _whole(fields, "quantity", problems)
    if quantity is None:
        if quantity_required and not any(problem.startswith("quantity") for problem in problems):
            problems.append("quantity is required")
    elif quantity < 0 or (quantity == 0 and quantity_required):
        least = " above zero" if quantity_required else ", zero or more"
        problems.append(f"quantity must be a whole number{least}, not {quantity}")
        quantity = None
    disclosed = _whole(fields, "disclosed_quantity", problems)
    if disclosed is not None and disclosed < 0:
        problems.append(f"disclosed_quantity must be zero or more, not {disclosed}")
        disclosed = None
    price, trigger = _price(fields, "price", problems), _price(fields, "trigger_price", problems)
    target = _whole(fields, "position_size", problems)
    return problems, symbol, exchange, side, product, price_type, quantity, price, trigger, disclosed, target


_Words = tuple[Exchange | None, Side | None, Product | None, PriceType | None]

_seen: dict[object, _Words] = {}
"""What the four words of an order were read as, of the first thousand ways to write them: a program has one or two."""


def _words(fields: Mapping[str, Any], problems: list[str]) -> _Words:
    get = fields.get
    written = get("exchange"), get("action"), get("product"), get("pricetype")
    try:
        known = _seen.get(written)
    except TypeError:  # something that is no word, and will be complained about
        known = None
    if known is not None:
        return known
    found = (
        _word(fields, "exchange", Exchange, None, problems),
        _word(fields, "action", Side, None, problems),
        _word(fields, "product", Product, Product.MIS, problems),
        _word(fields, "pricetype", PriceType, PriceType.MARKET, problems),
    )
    if not problems and len(_seen) < 1000:
        _seen[written] = found
    return found


def read_changes(fields: Mapping[str, Any]) -> Changes:
    """The new terms that *fields* name, of those an order can be given; absent and ``None`` leave a term as it stands.

    Raises `InvalidOrder` with all that could not be read. Whether the terms suit the order is checked against its row.
    """
    problems: list[str] = []
    quantity = _whole(fields, "quantity", problems)
    if quantity is not None and quantity <= 0:
        problems.append(f"quantity must be a whole number above zero, not {quantity}")
    disclosed = _whole(fields, "disclosed_quantity", problems)
    if disclosed is not None and disclosed < 0:
        problems.append(f"disclosed_quantity must be zero or more, not {disclosed}")
    changes = Changes(
        quantity=quantity,
        price_type=_word_or_none(fields, "pricetype", PriceType, problems),
        product=_word_or_none(fields, "product", Product, problems),
        price=None if _given(fields, "price") is None else _price(fields, "price", problems),
        trigger_price=None if _given(fields, "trigger_price") is None else _price(fields, "trigger_price", problems),
        disclosed_quantity=disclosed,
    )
    if problems:
        raise InvalidOrder(problems)
    return changes


def _word_or_none(fields: Mapping[str, Any], name: str, words: type[Word], problems: list[str]) -> Word | None:
    return None if _given(fields, name) is None else _word(fields, name, words, None, problems)


def _given(fields: Mapping[str, Any], name: str) -> Any:
    value = fields.get(name)
    return None if isinstance(value, str) and not value.strip() else value


def _word(
    fields: Mapping[str, Any], name: str, words: type[Word], default: Word | None, problems: list[str]
) -> Word | None:
    value = _given(fields, name)
    if value is None:
        if default is None:
            problems.append(f"{name} is required")
        return default
    try:
        return words(str(value).strip().upper())
    except ValueError:
        choices = (word for word in words if not (isinstance(word, Product) and not word.can_be_placed))
        problems.append(f"{name} {value!r} is not one of {', '.join(choices)}")
        return None


def _whole(fields: Mapping[str, Any], name: str, problems: list[str]) -> int | None:
    value = fields.get(name)
    if value is None or (type(value) is int and -_FAR < value < _FAR):
        return value
    value = _given(fields, name)
    if value is None:
        return None
    number = Decimal("NaN") if isinstance(value, bool) else money(value)
    if not number.is_finite() or number != number.to_integral_value():
        problems.append(f"{name} must be a whole number, not {value!r}")
        return None
    if number.copy_abs() >= MOST:
        problems.append(f"{name} {value!r} is too large to be meant")
        return None
    return int(number)


def _price(fields: Mapping[str, Any], name: str, problems: list[str]) -> Decimal | None:
    value = fields.get(name)
    if value is None:
        return ZERO
    if (type(value) is float or type(value) is int) and 0 <= value < _FAR:
        return Decimal(str(value)) if value else ZERO
    value = _given(fields, name)
    if value is None:
        return ZERO
    number = Decimal("NaN") if isinstance(value, bool) else money(value)
    if not number.is_finite() or number < 0:
        problems.append(f"{name} must be a number, zero or more, not {value!r}")
        return None
    if number >= MOST:
        problems.append(f"{name} {value!r} is too large to be meant")
        return None
    return number
