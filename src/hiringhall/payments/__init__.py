"""How money comes into the hall and goes out of it: play, by hand, or by Stripe."""

from hiringhall.payments.inside import InsidePayments
from hiringhall.payments.port import (
    Checkout,
    DepositNotice,
    Notice,
    PayeeNotice,
    PaymentRefused,
    Payments,
    PaymentUnclear,
    PayoutNotice,
)

__all__ = [
    "Checkout",
    "DepositNotice",
    "InsidePayments",
    "Notice",
    "PayeeNotice",
    "PaymentRefused",
    "PaymentUnclear",
    "Payments",
    "PayoutNotice",
]
