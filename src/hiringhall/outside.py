"""The hall's ways to others, as the settings say: letters to people, GitHub, and money."""

from typing import TypedDict

from hiringhall.github import PUBLIC as PUBLIC_GITHUB
from hiringhall.github import GitHub
from hiringhall.mail import Mail, open_mail
from hiringhall.payments import InsidePayments, Payments
from hiringhall.settings import PaymentWay, Settings, SettingsError


class Outside(TypedDict):
    """What a Hall is handed of them."""

    mail: Mail
    github: GitHub
    payments: Payments


def ways_out(settings: Settings) -> Outside:
    """Open none of them yet; raises SettingsError where one cannot be meant."""
    return {
        "mail": open_mail(settings.email, sender=settings.email_from),
        "github": GitHub(settings.github_api_url or PUBLIC_GITHUB),
        "payments": _payments(settings),
    }


def _payments(settings: Settings) -> Payments:
    if settings.payments is not PaymentWay.STRIPE:
        return InsidePayments(settings.payments.value)
    from hiringhall.payments.by_stripe import StripePayments

    key, secrets = settings.stripe_secret_key, settings.stripe_webhook_secret
    if not key or not secrets:
        raise SettingsError(
            "HIRINGHALL_PAYMENTS is stripe: set HIRINGHALL_STRIPE_SECRET_KEY and "
            "HIRINGHALL_STRIPE_WEBHOOK_SECRET too"
        )
    return StripePayments(
        api_key=key,
        webhook_secrets=secrets,
        currency=settings.currency,
        base_url=settings.stripe_base_url,
    )
