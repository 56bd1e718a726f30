"""What an operator has set, as the rules that actions ask for."""

import contextlib
import ipaddress
from ipaddress import IPv4Network, IPv6Network

from hiringhall.domain.compute import MICROS_PER_CENT, CapScope
from hiringhall.domain.errors import Invalid
from hiringhall.domain.hosts import Pattern, read_bound
from hiringhall.hall import Registration, Rules
from hiringhall.settings import PaymentWay, Settings, SettingsError, SpecApproval


def rules_of(settings: Settings) -> Rules:
    """The rules of a hall; raises SettingsError for hosts that cannot be meant."""
    registration = settings.registration
    if registration is None:
        # Behind a proxy a loopback address is as good as any other.
        private = is_loopback(settings.host) and not (
            settings.public_url or settings.trusted_proxies
        )
        registration = Registration.OPEN if private else Registration.CLOSED
    return Rules(
        registration=registration,
        spec_approval_always=settings.spec_approval is SpecApproval.ALWAYS,
        credits_per_day=settings.credits_per_day,
        opening_balance_cents=_opening(settings),
        currency=settings.currency,
        fee_basis_points=settings.fee_basis_points,
        selection_s=settings.selection_hours * 3600,
        grace_s=settings.grace_hours * 3600,
        review_s=settings.review_hours * 3600,
        dispute_s=settings.dispute_hours * 3600,
        registrations_per_hour=settings.registrations_per_hour,
        registrations_per_email=settings.registrations_per_email,
        sign_ins_per_hour=settings.sign_ins_per_hour,
        sign_ins_per_email=settings.sign_ins_per_email,
        agent_requests_per_minute=settings.agent_requests_per_minute,
        caps=_caps(settings),
        credit_micros=settings.credit_cents * MICROS_PER_CENT,
        team_runs=settings.team_runs,
        manager_has_model=settings.manager and settings.model is not None,
        customers_hosts=_customers_hosts(settings),
        webhook_networks=_networks("WEBHOOK_NETWORKS", settings.webhook_networks),
    )


def _caps(settings: Settings) -> dict[CapScope, int]:
    given = {
        CapScope.RUN: settings.run_cap_cents,
        CapScope.TASK: settings.task_cap_cents,
        CapScope.TEAM: settings.team_cap_cents,
        CapScope.ORGANIZATION: settings.organization_cap_cents,
        CapScope.OWN: settings.own_cap_cents,
    }
    return {scope: cents * MICROS_PER_CENT for scope, cents in given.items() if cents is not None}


def _opening(settings: Settings) -> int:
    """Play money is given where there is no other: it must not mix with what is worth something."""
    return settings.opening_balance_cents if settings.payments is PaymentWay.PLAY else 0


def _customers_hosts(settings: Settings) -> tuple[Pattern, ...]:
    try:
        return read_bound(settings.egress_hosts)
    except Invalid as error:
        raise SettingsError(f"HIRINGHALL_EGRESS_HOSTS: {error.message}") from error


def _networks(name: str, texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise SettingsError(f"HIRINGHALL_{name}: {error}") from error


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
