"""Finding instruments: by series, symbol, expiry and strike, by text, by number."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jainam.simulator.answers import Response, success
from jainam.simulator.calls import Call, Route
from jainam.simulator.checks import Fields, not_found
from jainam.simulator.instruments import CALL, OPTION, PUT, SEGMENT_NUMBERS, Instrument, segment_name
from jainam.simulator.wire import text

MOST_FOUND = 200
LETTERS = {"CE": CALL, "PE": PUT}
CODE, FOUND = "s-response-0001", "Record Found"


def short_record(instrument: Instrument, day: date, bands: bool = False) -> dict[str, Any]:
    """Return the record that symbol look-ups and the text search answer."""
    high, low = instrument.high, instrument.low
    fixed = {"HighString": f"{high:.2f}", "LowString": f"{low:.2f}"}
    band = {"High": high, "Low": low, "CreditRating": f"{text(low)}-{text(high)}"}
    plain = {"HighString": text(high), "LowString": text(low)}
    exec_band = {"HighExecBandString": f"{high:.2f}", "LowExecBandString": f"{low:.2f}"}
    record: dict[str, Any] = {
        "ExchangeSegment": SEGMENT_NUMBERS[instrument.segment],
        "ExchangeInstrumentID": instrument.token,
        "InstrumentType": instrument.kind,
        "Name": instrument.name,
        "DisplayName": instrument.display,
        "Description": instrument.description,
        "Series": instrument.series,
        "NameWithSeries": instrument.name_with_series,
        "InstrumentID": int(instrument.instrument_id) if instrument.instrument_id.isdigit() else 0,
        "PriceBand": band | (fixed | exec_band if bands else plain),
        "FreezeQty": instrument.freeze,
        "TickSize": instrument.tick,
        "LotSize": instrument.lot,
    }
    if not instrument.expiry:
        return record | {"ISIN": instrument.isin, "CompanyName": instrument.long_name.rpartition("-")[0]}
    expiry = datetime.fromisoformat(instrument.expiry)
    record |= {
        "UnderlyingInstrumentId": int(instrument.underlying),
        "UnderlyingIndexName": instrument.index_name,
        "ContractExpiration": instrument.expiry,
        "ContractExpirationString": f"{expiry:%d%b%Y}",
        "RemainingExpiryDays": (expiry.date() - day).days,
    }
    if instrument.kind == OPTION:
        record |= {"StrikePrice": instrument.strike, "OptionType": instrument.option_type}
    return record


def full_record(call: Call, instrument: Instrument) -> dict[str, Any]:
    """Return the long record that the search by number answers."""
    day = call.world.market.master.day
    trading = call.world.market.trading(instrument)
    days = (date.fromisoformat(instrument.expiry[:10]) - day).days if instrument.expiry else 0
    eligible = {
        name: {"MarketType": number, "Eligibile": number == 1, "TradingStatus": 2 if number == 1 else 3}
        for number, name in enumerate(("Normal", "OddLot", "RetailDebt", "Auction"), 1)
    }
    return short_record(instrument, day) | {
        "AuctionNumber": 0,
        "MinimumQty": 1,
        "QuantityMultiplier": 1,
        "Multiplier": instrument.multiplier,
        "PriceNumerator": 1,
        "PriceDenominator": 1,
        "SymbolType": 0,
        "CfiCode": "OPEXXX" if instrument.kind == OPTION else "XXXXXX",
        "Status": "",
        "TicksPerPoint": int(1 / instrument.tick),
        "IsImpliedMarket": False,
        "IsTradeable": instrument.is_tradable,
        "MaxTradeVolume": 2147483647,
        "DecimalDisplace": 2,
        "HasContractExpired": days < 0,
        "RemainingExpiryDaysABS": abs(days),
        "UnderlyingType": 5,
        "NameWithExchange": f"{instrument.name} - {instrument.segment}",
        "DisplayNameWithExchange": f"{instrument.display} - {instrument.segment}",
        "NameWithSeriesAndExchange": f"{instrument.name_with_series} - {instrument.segment}",
        "ExtendedMarketProperties": {"UniqueKey": {"Name": {"Name": "UniqueKey"}, "Value": instrument.name}},
        "MarketTypeStatusEligibility": eligible,
        "Bhavcopy": {
            "Open": trading.open,
            "High": trading.high,
            "Low": trading.low,
            "Close": trading.close,
            "TotTrdQty": trading.traded,
            "TotTrdVal": Decimal(0),
            "TimeStamp": f"{day}T00:00:00",
            "TotalTrades": 0,
            "OpenInterest": 0,
            "SettlementPrice": 0,
        },
    }


def _matching(call: Call, *names: str) -> list[Instrument]:
    """Return the instruments that fit every field in *names*, all of which are required."""
    fields = Fields(call.query, "query")
    given = {name: fields.text(name) for name in ("exchangeSegment", *names)}
    fields.done()
    segment = segment_name(given.pop("exchangeSegment"))
    found: Iterable[Instrument] = call.world.market.master.instruments.values()
    tests: dict[str, Callable[[Instrument, str], bool]] = {
        "series": lambda each, wanted: each.series == wanted.upper(),
        "symbol": lambda each, wanted: each.name == wanted.upper(),
        "expiryDate": lambda each, wanted: _expires(each) == wanted.casefold(),
        "optionType": lambda each, wanted: each.option_type == LETTERS.get(wanted.upper()),
        "strikePrice": lambda each, wanted: each.strike is not None and text(each.strike) == _trimmed(wanted),
    }
    found = (each for each in found if each.segment == segment)
    return [each for each in found if all(tests[name](each, wanted) for name, wanted in given.items())]


def _expires(instrument: Instrument) -> str:
    return f"{datetime.fromisoformat(instrument.expiry):%d%b%Y}".casefold() if instrument.expiry else ""


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _records(call: Call, found: list[Instrument], bands: bool = False) -> Response:
    if not found:
        raise not_found()
    day = call.world.market.master.day
    return success(CODE, FOUND, [short_record(each, day, bands) for each in found])


def series(call: Call) -> Response:
    """Answer the series of a segment."""
    names = sorted({each.series for each in _matching(call)})
    return success(CODE, FOUND, {"exchangeSegment": call.query["exchangeSegment"], "series": names})


def symbol(call: Call) -> Response:
    """Answer a share."""
    return _records(call, _matching(call, "series", "symbol"))


def expiry_dates(call: Call) -> Response:
    """Answer when the contracts on a symbol expire."""
    found = sorted({each.expiry for each in _matching(call, "series", "symbol") if each.expiry})
    if not found:
        raise not_found()
    return success(CODE, FOUND, found)


def future_symbol(call: Call) -> Response:
    """Answer a future."""
    found = _matching(call, "series", "symbol", "expiryDate")
    return _records(call, [each for each in found if each.kind == 1], bands=True)


def option_symbol(call: Call) -> Response:
    """Answer an option."""
    return _records(call, _matching(call, "series", "symbol", "expiryDate", "optionType", "strikePrice"), bands=True)


def option_types(call: Call) -> Response:
    """Answer which kinds of option there are, under the key the servers use for it."""
    kinds = {each.option_type for each in _matching(call, "series", "symbol", "expiryDate")}
    return success(CODE, FOUND, {"series": [letters for letters, kind in LETTERS.items() if kind in kinds]})


def strike_prices(call: Call) -> Response:
    """Answer the strikes, as texts."""
    found = _matching(call, "series", "symbol", "expiryDate", "optionType")
    return success(CODE, FOUND, [text(strike) for strike in sorted({each.strike for each in found if each.strike})])


def search(call: Call) -> Response:
    """Answer the instruments whose name or description holds a text."""
    fields = Fields(call.query, "query")
    wanted = fields.text("searchString").casefold()
    fields.done()
    found: list[Instrument] = []
    for each in call.world.market.master.instruments.values():
        if wanted in f"{each.name} {each.description} {each.display}".casefold():
            found.append(each)
            if len(found) == MOST_FOUND:
                break
    day = call.world.market.master.day
    return success("s-search-0001", "Instruments Found", [short_record(each, day) for each in found])


def search_by_id(call: Call) -> Response:
    """Answer instruments by number."""
    listed = call.body.get("instruments")
    found = []
    for each in listed if isinstance(listed, list) else []:
        fields = Fields(each if isinstance(each, dict) else {})
        token = fields.whole("exchangeInstrumentID", 1)
        segment = segment_name(fields.text("exchangeSegment")) or ""
        fields.done()
        instrument = call.world.market.find(segment, token)
        if instrument is not None:
            found.append(full_record(call, instrument))
    if not found:
        raise not_found()
    return success("s-search-0002", "Instruments Found", found)


_PREFIX = "/instruments/instrument"
ROUTES = {
    ("GET", f"{_PREFIX}/series"): Route(series),
    ("GET", f"{_PREFIX}/symbol"): Route(symbol),
    ("GET", f"{_PREFIX}/expirydate"): Route(expiry_dates),
    ("GET", f"{_PREFIX}/futuresymbol"): Route(future_symbol),
    ("GET", f"{_PREFIX}/optionsymbol"): Route(option_symbol),
    ("GET", f"{_PREFIX}/optiontype"): Route(option_types),
    ("GET", f"{_PREFIX}/strikeprice"): Route(strike_prices),
    ("GET", "/search/instruments"): Route(search),
    ("POST", "/search/instrumentsbyid"): Route(search_by_id),
}
