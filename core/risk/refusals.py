"""What a limit says no with: whose it is, how much of it is left, when it renews, and what would lift it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.errors import sentence
from core.policy.published import published_by_id
from core.policy.rule import Layer, Line, Metric, Whose
from core.risk import windows
from core.risk.deciding import Outcome, measure
from core.risk.decision import Facts
from core.risk.limits import LimitRefusal
from core.risk.rulebook import COOL


class OverPaymentLimit(LimitRefusal):
    """More than one payment may be. Parameters: limit, amount."""

    sentence = sentence("One payment may be at most {limit}; this one would be {amount}. Please buy less at once.")


class OverTierLimit(OverPaymentLimit):
    """… for a shopper who can still rise."""

    sentence = sentence(
        "One payment may be at most {limit}; this one would be {amount}. Please buy less at once. Your limits rise "
        "with the orders that you confirm as received."
    )


class OverDayLimit(LimitRefusal):
    """More than is left of a day's limit. Parameters: limit, left, renews."""

    sentence = sentence(
        "Your daily limit is {limit} and {left} of it is left. It renews on {renews}. Please buy less today; your "
        "limits rise with the orders that you confirm as received."
    )


class OverYearLimit(LimitRefusal):
    """More than is left of a year's limit. Parameters: limit, left, renews."""

    sentence = sentence(
        "Your yearly limit is {limit} and {left} of it is left. It renews on {renews}. Please buy less until then."
    )


class OverChannelLimit(LimitRefusal):
    """More than is left of what a way to pay may take in a day. Parameters: limit, left, renews."""

    sentence = sentence(
        "This way to pay takes at most {limit} a day and {left} of it is left. It renews on {renews}; "
        "you can choose another way to pay."
    )


class OverChannelPayment(OverPaymentLimit):
    """More than one payment by a way to pay may be. Parameters: limit, amount."""

    sentence = sentence(
        "This way to pay takes at most {limit} at once; this payment would be {amount}. Please buy less at once, or "
        "choose another way to pay."
    )


class OverSellerPayment(OverPaymentLimit):
    """More than one payment to this seller may be. Parameters: limit, amount."""

    sentence = sentence(
        "This seller may be paid at most {limit} at once; this payment would be {amount}. Please buy less at once."
    )


class OverSellerLimit(LimitRefusal):
    """More than is left of what a seller may be paid. Parameters: limit, left, renews."""

    sentence = sentence(
        "This seller may be paid at most {limit} in this time and {left} of it is left. It renews on {renews}; "
        "other sellers can be paid meanwhile."
    )


class OverShopLimit(LimitRefusal):
    """More than is left of what the shop as a whole may take in a day. Parameters: limit, left, renews."""

    sentence = sentence(
        "This shop takes at most {limit} a day and {left} of it is left. It renews on {renews}. Please buy less today, "
        "or come back then."
    )


class OverNewDevice(LimitRefusal):
    """A payment confirmed on a device that is new, or by somebody who has one. Parameters: limit, left, renews."""

    sentence = sentence(
        "One of your devices is new to this shop. Until {renews} you can pay at most {limit} here, and {left} of it is "
        "left. If it is not yours, lock it with /devices."
    )


class OverNewDevicePayment(OverNewDevice):
    """… for one payment. Parameters: limit, amount, renews."""

    sentence = sentence(
        "One of your devices is new to this shop. Until {renews} you can pay at most {limit} at once here; this "
        "payment would be {amount}. If the device is not yours, lock it with /devices."
    )


class OverYearHere(LimitRefusal):
    """More than is left of a year's limit of a way to pay or of the shop. Parameters: limit, left, renews."""

    sentence = sentence(
        "At most {limit} may be paid here in a year and {left} of it is left. It renews on {renews}; another way to "
        "pay may have more room."
    )


class OverOwnPayment(LimitRefusal):
    """More than the shopper lets themselves pay at once. Parameters: limit, amount, wait."""

    sentence = sentence(
        "Your own limit is {limit} a payment; this one would be {amount}. /limits changes that: lower at once, higher "
        "after {wait}."
    )


class OverOwnDay(LimitRefusal):
    """More than is left of what the shopper lets themselves pay in a day. Parameters: limit, left, renews, wait."""

    sentence = sentence(
        "Your own limit is {limit} a day and {left} of it is left. It renews on {renews}. /limits changes that: lower "
        "at once, higher after {wait}."
    )


class OverRulePayment(LimitRefusal):
    """A published rule bounds one payment. Parameters: limit, amount, authority, document."""

    sentence = sentence(
        "The providers of this way to pay are bound to take at most {limit} at once ({authority}, {document}); this "
        "would be {amount}. Please buy less at once, or choose another way to pay."
    )


class UnderRulePayment(LimitRefusal):
    """A published rule asks for more in one payment. Parameters: limit, amount, authority, document."""

    sentence = sentence(
        "This way to pay takes no less than {limit} ({authority}, {document}); this would be {amount}. Please choose "
        "another way to pay."
    )


class OverRuleWindow(LimitRefusal):
    """A published rule bounds payments in some time. Parameters: limit, left, renews, authority, document."""

    sentence = sentence(
        "The providers of this way to pay are bound to take at most {limit} from one customer in this time "
        "({authority}, {document}), and {left} of it is left. It renews on {renews}; until then you can choose another "
        "way to pay."
    )


class OverRuleForGood(LimitRefusal):
    """A published rule bounds payments, and no day lifts it. Parameters: limit, left, authority, document."""

    sentence = sentence(
        "The providers of this way to pay are bound to let one customer have at most {limit} with them ({authority}, "
        "{document}), and {left} of it is left. Your provider can tell you what raises it; you can choose another way "
        "to pay."
    )


_SHOP_PAYMENT: dict[Whose, type[LimitRefusal]] = {
    Whose.CHANNEL: OverChannelPayment,
    Whose.SELLER: OverSellerPayment,
    Whose.SHOP: OverPaymentLimit,
}
_SHOP_DAY: dict[Whose, type[LimitRefusal]] = {
    Whose.SHOPPER: OverDayLimit,
    Whose.CHANNEL: OverChannelLimit,
    Whose.SELLER: OverSellerLimit,
    Whose.SHOP: OverShopLimit,
}


def refusal_of(outcome: Outcome, facts: Facts, renews: datetime | None, wait: timedelta) -> LimitRefusal:
    """The refusal that tells an outcome: which limit, how much is left, when it renews, what would lift it.

    `wait`: a shopper's own limit rises so long after they said so.
    """
    line = outcome.line
    assert line is not None and line.amount is not None
    params: dict[str, Any] = {"limit": line.amount}
    if line.metric in windows.SUMMED:
        params["left"] = outcome.left
    else:
        params["amount"] = replace(line.amount, minor=facts.sums[measure(line)])
    if renews is not None:
        params["renews"] = renews
    if line.layer is Layer.OWN:
        params["wait"] = wait
    if line.rule in published_by_id():
        rule = published_by_id()[line.rule]
        params |= {"authority": rule.authority, "document": rule.document}
    return _kind(line, facts, renews)(**params)


def _kind(line: Line, facts: Facts, renews: datetime | None) -> type[LimitRefusal]:
    summed = line.metric in windows.SUMMED
    if line.layer is Layer.OWN:
        return OverOwnDay if summed else OverOwnPayment
    if line.layer is Layer.LAW:
        if summed:
            return OverRuleWindow if renews else OverRuleForGood
        return UnderRulePayment if line.metric is Metric.LEAST else OverRulePayment
    if line.rule == COOL:
        return OverNewDevice if summed else OverNewDevicePayment
    if not summed:
        tiered = OverPaymentLimit if facts.known.get("tier") == "trusted" else OverTierLimit
        return _SHOP_PAYMENT.get(line.whose, tiered)
    if line.metric is Metric.YEAR and line.whose is not Whose.SELLER:
        return OverYearLimit if line.whose is Whose.SHOPPER else OverYearHere
    return _SHOP_DAY[line.whose]
