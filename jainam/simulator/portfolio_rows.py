"""Position, holding and balance answers, in the containers and typings that servers send."""

from decimal import Decimal
from typing import Any

from attrs import frozen

from jainam.simulator.account import Account, Holding
from jainam.simulator.market import Market
from jainam.simulator.modes import Modes
from jainam.simulator.orders import ZERO
from jainam.simulator.positions import Position
from jainam.simulator.risk import PAISA, Funds
from jainam.simulator.wire import text

MESSAGE = {"MessageCode": 9002, "MessageVersion": 1, "TokenID": 0, "ApplicationType": 0}


@frozen
class PortfolioRows:
    """Writes what an account holds the way the modes want it."""

    modes: Modes
    market: Market

    def positions(self, account: Account, day_wise: bool, sequence: int) -> Any:
        """Return the result of a positions call."""
        write = self._flat_position if self.modes.positions_container == "flat" else self._string_position
        rows = [write(account, position, sequence) for position in account.positions.view(day_wise)]
        return rows if self.modes.positions_container == "flat" else {"positionList": rows}

    def _numbers(self, position: Position) -> dict[str, Decimal | int]:
        sums = position.sums
        realized = position.realized
        unrealized = position.unrealized(self.market.last(position.instrument)) if position.net else ZERO
        return {
            "Marketlot": position.instrument.lot,
            "Multiplier": position.instrument.multiplier,
            "BuyAveragePrice": position.buy_average,
            "SellAveragePrice": position.sell_average,
            "OpenBuyQuantity": sums.bought,
            "OpenSellQuantity": sums.sold,
            "Quantity": position.net,
            "BuyAmount": sums.buy_value,
            "SellAmount": sums.sell_value,
            "NetAmount": sums.sell_value - sums.buy_value,
            "UnrealizedMTM": unrealized.quantize(PAISA),
            "RealizedMTM": realized.quantize(PAISA),
            "MTM": (realized + unrealized).quantize(PAISA),
            "BEP": position.open_average,
        }

    def _head(self, account: Account, position: Position, token_key: str, token: int | str) -> dict[str, Any]:
        return {
            "AccountID": account.client_id,
            "TradingSymbol": position.instrument.display,
            "ExchangeSegment": position.instrument.segment,
            token_key: token,
            "ProductType": position.product,
        }

    def _string_position(self, account: Account, position: Position, sequence: int) -> dict[str, Any]:
        commas = self.modes.thousands_commas
        numbers = self._numbers(position)
        numbers["SumOfTradedQuantityAndPriceBuy"] = position.sums.buy_value
        numbers["SumOfTradedQuantityAndPriceSell"] = position.sums.sell_value
        written = {
            name: text(value, commas, 2 if commas and isinstance(value, Decimal) and name != "Multiplier" else None)
            for name, value in numbers.items()
        }
        # The server that writes commas also spells the key with a small d (XTS protocol reference 3.10).
        token_key = "ExchangeInstrumentId" if commas else "ExchangeInstrumentID"
        row = self._head(account, position, token_key, str(position.instrument.token)) | written
        if not commas:
            row |= {"statisticsLevel": "ParentLevel", "isInterOpPosition": "true", "childPositions": {}}
        return row | MESSAGE | {"SequenceNumber": sequence}

    def _flat_position(self, account: Account, position: Position, sequence: int) -> dict[str, Any]:
        sums = position.sums
        child = {
            "AccountID": account.client_id,
            "ExchangeInstrumentID": str(position.instrument.token),
            "Quantity": str(position.net),
            "statisticsLevel": "ChildLevel",
        }
        return (
            self._head(account, position, "ExchangeInstrumentID", position.instrument.token)
            | self._numbers(position)
            | {
                "SumOfTradedQuantityAndPriceBuy": text(sums.buy_value),
                "SumOfTradedQuantityAndPriceSell": text(sums.sell_value),
                "statisticsLevel": "ParentLevel",
                "isInterOpPosition": "true",
                "childPositions": child,
            }
            | MESSAGE
            | {
                "SequenceNumber": sequence,
                "ActualBuyAmount": sums.buy_value,
                "ActualBuyAveragePrice": position.buy_average,
                "ActualSellAmount": sums.sell_value,
                "ActualSellAveragePrice": position.sell_average,
            }
        )

    def holdings(self, account: Account, day: str) -> dict[str, Any]:
        """Return the result of a holdings call."""
        by_isin = {holding.isin: self._holding(account, holding, day) for holding in account.holdings}
        match self.modes.holdings_container:
            case "list":
                container: dict[str, Any] = {
                    "RMSHoldingList": [{"Holdings": by_isin}],
                    "CollateralHoldingList": [],
                }
            case "flat":
                container = {"holdingsList": list(by_isin.values())}
            case _:
                container = {"RMSHoldings": {"Holdings": by_isin}}
        return {"ClientId": account.client_id, **container}

    @staticmethod
    def _holding(account: Account, holding: Holding, day: str) -> dict[str, Any]:
        return {
            "ISIN": holding.isin,
            "RMSHoldingId": 1001,
            "ClientId": account.client_id,
            "ExchangeNSEInstrumentId": holding.nse_token,
            "ExchangeBSEInstrumentId": holding.bse_token,
            "ExchangeMSEIInstrumentId": 0,
            "HoldingType": "HoldingType",
            "HoldingQuantity": holding.quantity,
            "CollateralValuationType": "ClosePrice",
            "Haircut": 20,
            "CollateralQuantity": 0,
            "CreatedBy": "system",
            "LastUpdatedBy": "system",
            "CreatedOn": f"{day}T08:05:11",
            "LastUpdatedOn": f"{day}T08:05:11",
            "UsedQuantity": account.used(holding),
            "IsCollateralHolding": False,
            "BuyAvgPrice": holding.average,
            "IsBuyAvgPriceProvided": True,
            "AuthorizeQuantity": 0,
            "IsNeedToDelete": False,
            "PledgeQuantity": 0,
        }

    def balance(self, account: Account, funds: Funds) -> dict[str, Any]:
        """Return the result of a balance call; the total is not the first entry."""
        nothing = Funds(ZERO, ZERO, ZERO, ZERO, ZERO)
        return {
            "BalanceList": [
                {"limitHeader": "COMMODITIES|MCX|ALL", "limitObject": self._limits(account, nothing, funds)},
                {"limitHeader": "ALL|ALL|ALL", "limitObject": self._limits(account, funds, funds)},
            ]
        }

    def _limits(self, account: Account, shown: Funds, funds: Funds) -> dict[str, Any]:
        def money(amount: Decimal) -> str:
            return text(amount, True, 2) if self.modes.thousands_commas else text(amount)

        zeros = dict.fromkeys
        return {
            "RMSSubLimits": {
                "cashAvailable": money(shown.cash),
                "collateral": 0,
                "marginUtilized": money(shown.utilized),
                "netMarginAvailable": money(shown.available),
                "MTM": money(shown.realized + shown.unrealized),
                "UnrealizedMTM": money(shown.unrealized),
                "RealizedMTM": money(shown.realized),
            },
            "marginAvailable": {
                "CashMarginAvailable": money(funds.cash),
                **zeros(("AdhocMargin", "NotinalCash", "PayInAmount", "PayOutAmount", "CNCSellBenifit"), "0"),
                **zeros(("DirectCollateral", "HoldingCollateral", "ClientBranchAdhoc", "SellOptionsPremium"), "0"),
                "NetOptionPremium": money(funds.premium),
                "BuyOptionsPremium": money(funds.premium),
                "TotalBranchAdhoc": "0",
                **zeros(("AdhocFOMargin", "AdhocCurrencyMargin", "AdhocCommodityMargin"), "NaN"),
            },
            "marginUtilized": {
                **zeros(("GrossExposureMarginPresent", "BuyExposureMarginPresent", "SellExposureMarginPresent"), "0"),
                **zeros(("VarELMarginPresent", "ScripBasketMarginPresent", "GrossExposureLimitPresent"), "0"),
                **zeros(("BuyExposureLimitPresent", "SellExposureLimitPresent", "CNCLimitUsed", "CNCAmountUsed"), "0"),
                "MarginUsed": money(funds.utilized),
                "LimitUsed": "NaN",
                **zeros(("TotalSpanMargin", "ExposureMarginPresent"), "0"),
            },
            "limitsAssigned": {
                **zeros(("CNCLimit", "TurnoverLimitPresent", "MTMLossLimitPresent", "BuyExposureLimit"), "0"),
                **zeros(("SellExposureLimit", "GrossExposureLimit", "GrossExposureDerivativesLimit"), "0"),
                **zeros(("BuyExposureFuturesLimit", "BuyExposureOptionsLimit", "SellExposureOptionsLimit"), "0"),
                **zeros(("SellExposureFuturesLimit",), "0"),
            },
            "AccountID": account.client_id,
        }
