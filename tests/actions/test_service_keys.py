"""A run's own secret: told once, kept as a hash, dead with its run, and good for nothing else."""

import asyncio
import hashlib

import pytest

from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.runs.service_keys import issue_service_key
from hiringhall.actions.tasks import answer
from hiringhall.domain.errors import SecretNotRepeated, Superseded, Unauthorized
from hiringhall.domain.ids import SERVICE_KEY_PREFIX
from hiringhall.domain.policy import ActorKind
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.service_keys import authenticate_run
from tests.support.halls import begin, open_account, post, sign_up

pytestmark = pytest.mark.anyio


async def test_a_service_key_stands_for_its_run_and_generation(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    secret = await issue_service_key(hall, token=run.token)
    assert secret.startswith(SERVICE_KEY_PREFIX)
    assert len(secret) == len(SERVICE_KEY_PREFIX) + 43, "256 bits in base 64"
    actor = await authenticate_run(hall, secret)
    assert (actor.kind, actor.run_id, actor.run) == (ActorKind.RUN, run.id, run.token)
    assert (actor.organization_id, actor.user_id) == (task.organization_id, None)


async def test_a_service_key_is_told_once(hall: Hall) -> None:
    await post(hall, await sign_up(hall))
    run = await begin(hall)
    asked = [issue_service_key(hall, token=run.token) for _ in range(5)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    secrets = [one for one in told if isinstance(one, str)]
    assert len(secrets) == 1
    assert {type(one) for one in told if one is not secrets[0]} == {SecretNotRepeated}
    assert (await authenticate_run(hall, secrets[0])).run == run.token


async def test_two_runs_never_have_the_same_key(hall: Hall) -> None:
    ada = await sign_up(hall)
    secrets: set[str] = set()
    for _ in range(3):
        await post(hall, ada)
        secrets.add(await issue_service_key(hall, token=(await begin(hall)).token))
    assert len(secrets) == 3


async def test_a_service_key_dies_when_its_run_ends(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    secret = await issue_service_key(hall, token=run.token)
    await outcomes.deliver(hall, token=run.token, text="Done")
    with pytest.raises(Superseded, match="completed"):
        await authenticate_run(hall, secret)
    assert (await authenticate_run(hall, secret, ended_too=True)).run == run.token
    with pytest.raises(Superseded):
        await issue_service_key(hall, token=run.token)
    await answer.decide_deliverable(
        hall, actor=ada, task_id=task.id, accepted=False, reason="No: again"
    )
    await begin(hall)
    with pytest.raises(Superseded, match="Another run"):
        await issue_service_key(hall, token=run.token)


async def test_a_service_key_dies_with_its_task(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    secret = await issue_service_key(hall, token=run.token)
    await answer.cancel_task(hall, actor=ada, task_id=task.id)
    with pytest.raises(Superseded, match="cancelled"):
        await authenticate_run(hall, secret)


async def test_a_superseded_runs_key_opens_nothing(hall: Hall) -> None:
    await post(hall, await sign_up(hall))
    lost = await begin(hall)
    secret = await issue_service_key(hall, token=lost.token)
    await recovery.replace_lost_run(hall, run_id=lost.id)
    with pytest.raises(Superseded, match="Another run"):
        await authenticate_run(hall, secret)
    late = (await authenticate_run(hall, secret, ended_too=True)).run
    assert late is not None
    with pytest.raises(Superseded):
        await working.report_progress(hall, token=late, text="late")


async def test_a_service_key_opens_no_customers_door_and_no_key_of_a_customer_a_runs(
    hall: Hall,
) -> None:
    account = await open_account(hall)
    await post(hall, await authenticate(hall, account.secret))
    run = await begin(hall)
    secret = await issue_service_key(hall, token=run.token)
    with pytest.raises(Unauthorized):
        await authenticate(hall, secret)
    wrong = ("", account.secret, secret[:-1], secret + "a", SERVICE_KEY_PREFIX, "hall_run_\ud800")
    for one in wrong:
        with pytest.raises(Unauthorized):
            await authenticate_run(hall, one)


async def test_the_hash_of_a_service_key_opens_nothing(hall: Hall) -> None:
    await post(hall, await sign_up(hall))
    secret = await issue_service_key(hall, token=(await begin(hall)).token)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    with pytest.raises(Unauthorized):
        await authenticate_run(hall, SERVICE_KEY_PREFIX + digest)
