"""Where what an organization earns is sent to: an account at the provider, its owner made known."""

from hiringhall.actions.transaction import action
from hiringhall.domain.deposits import Payee
from hiringhall.domain.errors import Invalid, NoOrganization, Unreachable
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.payments import PayeeNotice, PaymentRefused, PaymentUnclear
from hiringhall.store import accounts, payments
from hiringhall.store.database import Tx


async def open_payee(hall: Hall, *, actor: Actor, return_url: str) -> str:
    """The provider's page where an organization says who is to be paid, and where; for minutes.

    The account is opened at the first call. Raises Invalid where the hall has no provider, and
    Unreachable where the provider does not do its part.
    """
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization
    if not hall.payments.pays_out:
        raise Invalid(
            f"This hall's payments are '{hall.payments.name}': its admin pays out by hand"
        )
    found, name = await _known(hall, organization_id=organization_id)
    try:
        if found is None:
            reference = await hall.payments.open_payee(key=f"payee:{organization_id}", name=name)
            found = await _keep(hall, organization_id=organization_id, reference=reference)
        return await hall.payments.payee_page(payee=found.reference, return_url=return_url)
    except (PaymentRefused, PaymentUnclear) as error:
        raise Unreachable(str(error)) from None


async def _known(hall: Hall, *, organization_id: str) -> tuple[Payee | None, str]:
    async def find(tx: Tx) -> tuple[Payee | None, str]:
        payee = await payments.payee_of(tx, organization_id, provider=hall.payments.name)
        organization = await accounts.organization_by_id(tx, organization_id)
        return payee, "" if organization is None else organization.name

    return await hall.database.read(find)


@action
async def _keep(tx: Tx, hall: Hall, *, organization_id: str, reference: str) -> Payee:
    payee = Payee(organization_id, hall.payments.name, reference, ready=False)
    if await payments.add_payee(tx, payee, at_us=hall.clock()):
        return payee
    kept = await payments.payee_of(tx, organization_id, provider=hall.payments.name)
    return kept or payee


async def note_ready(tx: Tx, hall: Hall, notice: PayeeNotice) -> str:
    """The provider says whether an account can take money; in words where it is nobody's here."""
    known = await payments.set_ready(
        tx,
        provider=hall.payments.name,
        reference=notice.reference,
        ready=notice.ready,
        at_us=hall.clock(),
    )
    return "" if known else "nobody here has this account"
