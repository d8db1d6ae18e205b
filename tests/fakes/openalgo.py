"""How OpenAlgo's services read what a broker's functions return: its rules, written down from the host contract."""

from __future__ import annotations

from typing import Any

__all__ = ["Told", "amount", "book", "cancel_all", "changed", "closed", "order", "smart"]

Told = tuple[int, dict[str, Any]]


def order(answer: Any) -> Told:
    """Place order (1.2): 200 means success and nothing else is looked at."""
    reply, data, order_id = answer
    if reply.status == 200:
        return 200, {"status": "success", "orderid": order_id}
    return reply.status, {"status": "error", "message": data.get("message", "Failed to place order")}


def smart(answer: Any) -> Told:
    """Smart order (1.3): no reply is a success only with the words that say so."""
    reply, data, order_id = answer
    if reply is None and data["status"] == "success" and "No action needed" in data["message"]:
        return 200, {"status": "success", "message": "Positions Already Matched. No Action needed."}
    if reply and reply.status == 200:
        return 200, {"status": "success", "orderid": order_id}
    status = reply.status if reply is not None else 500
    return status, {"status": "error", "message": data.get("message", "Failed to place smart order")}


def changed(answer: Any) -> Told:
    """Modify and cancel (1.4): the second item decides."""
    data, status = answer
    data.get("status")
    return status, {"status": "success"} if status == 200 else {"status": "error", "message": data.get("message")}


def cancel_all(answer: Any) -> Told:
    """Cancel all (1.5): always a success, unless something was raised."""
    cancelled, failed = answer
    return 200, {"canceled_orders": cancelled, "failed_cancellations": failed}


def closed(answer: Any) -> Told:
    """Close all (1.5): any 200 is shown as done."""
    data, status = answer
    if status == 200:
        return 200, {"status": "success", "message": "All Open Positions Squared Off"}
    return status, {"status": "error", "message": data.get("message", "Failed to close positions")}


def amount(value: str | None) -> str:
    """An amount on the dashboard of today's release (2.5), whose page shows what is no number as 0.00."""
    try:
        return f"{float(value or 0):.2f}"
    except ValueError:
        return "0.00"


def book(fetched: Any, mapped: Any, transformed: Any, statistics: Any = None) -> Told:
    """A book (1.6): fetched, mapped, counted and transformed; an error dict is a 500 with its message."""
    if "status" in fetched and fetched["status"] == "error":
        return 500, {"status": "error", "message": fetched["message"]}
    rows = mapped(fetched)
    counted = statistics(rows) if statistics else None
    return 200, {"rows": transformed(rows), "statistics": counted}
