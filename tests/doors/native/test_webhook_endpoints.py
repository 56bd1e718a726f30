"""Whose webhooks are whose, where they may lead, and what is shown and kept of them."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from hiringhall.actions import housekeeping
from hiringhall.actions.webhooks import endpoints
from hiringhall.actions.webhooks.endpoints import Wanted
from hiringhall.domain.errors import Invalid
from hiringhall.domain.policy import Actor
from hiringhall.domain.webhooks import KEPT_DAYS, Endpoint
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from hiringhall.store.database import Database
from tests.doors.conftest import Visitor
from tests.support.halls import Clock, QuietEngine, make_hall, post
from tests.support.hooks import DAY_S, HOOKS, NewPost, sending_hall
from tests.support.market import agent_of
from tests.support.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio


@pytest.fixture
def hall(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    return sending_hall(database, clock, engine)


@pytest.mark.promise("NA-SECRET", "WH-SECRET")
async def test_a_secret_is_shown_once_and_logged_never(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver, ada: Visitor
) -> None:
    headers = {"Idempotency-Key": "one"}
    body = {"url": receiver.url}
    made = await ada.ask("POST", HOOKS, json=body, headers=headers)
    secret = made.json()["secret"]
    assert made.headers["cache-control"] == "no-store"
    assert (await ada.ask("POST", HOOKS, json=body, headers=headers)).status_code == 409
    mail = await new_post()
    receiver.hangs = True
    await post(hall, owner)
    with capture_logs() as logs:
        await mail.send()
    shown = [await mail.get(), (await ada.get(HOOKS)).json(), await mail.deliveries(), logs]
    assert "whsec_" not in json.dumps(shown, default=str)
    assert secret not in json.dumps(shown, default=str)
    (pending, *_) = await mail.deliveries()
    details = await mail.get(f"/deliveries/{pending['id']}")
    assert "hush" not in json.dumps(details)


@pytest.mark.promise("WH-OTHERS")
async def test_others_have_no_part_in_it(
    hall: Hall, owner: Actor, new_post: NewPost, ada: Visitor, bob: Visitor, stranger: Visitor
) -> None:
    mail = await new_post()
    await post(hall, owner)
    await mail.send()
    (one, *_) = await mail.deliveries()
    paths = [
        ("GET", mail.at),
        ("PATCH", mail.at),
        ("DELETE", mail.at),
        ("POST", f"{mail.at}/rotate-secret"),
        ("POST", f"{mail.at}/ping"),
        ("GET", f"{mail.at}/deliveries"),
        ("GET", f"{mail.at}/deliveries/{one['id']}"),
        ("POST", f"{mail.at}/deliveries/{one['id']}/redeliver"),
    ]
    for method, path in paths:
        assert (await bob.ask(method, path, json={})).status_code == 404
        assert (await stranger.ask(method, path, json={})).status_code == 401
    assert (await bob.get(HOOKS)).json()["items"] == []
    theirs = await authenticate(hall, bob.key or "")
    foreign = (await post(hall, theirs)).team_id
    team = await ada.post(HOOKS, {"url": mail.hook["url"], "team_id": foreign})
    assert team.status_code == 404
    # Another's delivery below one's own webhook is not there either.
    own = (await bob.post(HOOKS, {"url": mail.hook["url"]})).json()["id"]
    assert (await bob.get(f"{HOOKS}/{own}/deliveries/{one['id']}")).status_code == 404
    assert (await agent_of(hall, theirs)).organization_id is None


async def test_an_organization_has_few_of_them(ada: Visitor, receiver: Receiver) -> None:
    for _ in range(20):
        assert (await ada.post(HOOKS, {"url": receiver.url})).status_code == 201
    assert (await ada.post(HOOKS, {"url": receiver.url})).status_code == 409
    (first, *_) = (await ada.get(HOOKS)).json()["items"]
    assert (await ada.ask("DELETE", f"{HOOKS}/{first['id']}")).status_code == 200
    assert (await ada.get(f"{HOOKS}/{first['id']}")).status_code == 404
    assert (await ada.post(HOOKS, {"url": receiver.url})).status_code == 201


@pytest.mark.promise("WH-AGAIN")
async def test_deliveries_are_kept_for_a_while(
    hall: Hall, owner: Actor, clock: Clock, new_post: NewPost
) -> None:
    mail = await new_post()
    await post(hall, owner)
    await mail.send()
    await housekeeping.forget_old(hall)
    assert len(await mail.deliveries()) == 2
    clock.advance(KEPT_DAYS * DAY_S + 1)
    await housekeeping.forget_old(hall)
    assert await mail.deliveries() == []
    await post(hall, owner)
    await mail.send()
    await mail.ada.ask("DELETE", mail.at)
    assert await housekeeping.forget_old(hall) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://user:pass@hooks.example/",
        "https://hooks.example/#x",
        "ftp://hooks.example/",
        "https://",
        "https://hooks.example:99999/",
        "https://hooks.example/\nx",
        "https://hooks.éxample/",
        "",
    ],
)
@pytest.mark.promise("WH-PRIVATE")
async def test_addresses_that_are_refused(ada: Visitor, url: str) -> None:
    answered = await ada.post(HOOKS, {"url": url})
    assert answered.status_code == 400, answered.text
    assert "url" in answered.json()["fields"]


@pytest.mark.parametrize(
    "body",
    [
        {"types": []},
        {"types": ["nothing"]},
        {"description": "x" * 501},
        {"url": 1},
        {"team_id": "x"},
    ],
)
async def test_what_else_is_refused(ada: Visitor, body: dict[str, Any]) -> None:
    answered = await ada.post(HOOKS, {"url": "https://hooks.example/", **body})
    assert answered.status_code == (404 if "team_id" in body else 400)


@pytest.mark.promise("WH-PLAIN")
async def test_plain_http_to_a_name_is_judged_at_once(
    hall: Hall, owner: Actor, ada: Visitor
) -> None:
    """By where the name leads, as it will be with each sending."""
    leads: dict[str, list[str]] = {
        "inside.example": ["127.0.0.1", "127.8.0.9"],
        "open.example": ["93.184.216.34"],
        "both.example": ["127.0.0.1", "93.184.216.34"],
        "private.example": ["10.0.0.1"],
        "nowhere.example": [],
    }

    async def look_up(name: str, port: int) -> list[str]:
        if not leads[name]:
            raise OSError(name)
        return leads[name]

    knowing = replace(hall, look_up=look_up)
    made, _ = await endpoints.create_webhook(
        knowing, actor=owner, wanted=Wanted("http://inside.example/in")
    )
    for name in leads:
        url = f"http://{name}/in"
        changing = endpoints.change_webhook(
            knowing, actor=owner, webhook_id=made.id, changes={"url": url}
        )
        if name == "inside.example":
            assert (await changing).url == url
            continue
        with pytest.raises(Invalid, match="Nothing would be sent there"):
            await changing
        with pytest.raises(Invalid):
            await endpoints.create_webhook(knowing, actor=owner, wanted=Wanted(url))
    # By TLS a name is judged with each sending alone.
    await endpoints.create_webhook(knowing, actor=owner, wanted=Wanted("https://open.example/"))
    assert len((await ada.get(HOOKS)).json()["items"]) == 2


async def test_only_https_where_nothing_is_listed(
    database: Database, clock: Clock, ada: Visitor, owner: Actor
) -> None:
    closed = make_hall(database, clock=clock, engine=QuietEngine())
    for url in ("http://hooks.example/", "http://127.0.0.1/"):
        with pytest.raises(Invalid):
            await endpoints.create_webhook(closed, actor=owner, wanted=Wanted(url))
    made: tuple[Endpoint, str] = await endpoints.create_webhook(
        closed, actor=owner, wanted=Wanted("https://hooks.example/")
    )
    assert made[0].url == "https://hooks.example/"


@pytest.mark.promise("WH-SIGNED")
def test_the_receivers_library_takes_what_a_served_hall_sends(
    tmp_path: Any, database_url: str
) -> None:
    """The whole of it on the wall clock: `serve` sends, and Standard Webhooks' own check agrees."""
    import asyncio

    from standardwebhooks import Webhook

    from tests.support.served import served_hall

    with served_hall(
        tmp_path, database_url=database_url, webhook_networks=("127.0.0.0/8",), local_runs=0
    ) as served:
        key = served.key()

        async def walk() -> None:
            async with (
                receiving() as receiver,
                httpx.AsyncClient(
                    base_url=served.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False
                ) as client,
            ):
                made = await client.post(HOOKS, json={"url": receiver.url})
                posted = await client.post(
                    "/api/v1/tasks/", json={"title": "Page", "description": "With a hero."}
                )
                assert posted.status_code == 201
                async with asyncio.timeout(60):
                    while len(receiver.received) < 2:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                for one in receiver.received:
                    told = Webhook(made.json()["secret"]).verify(one.body, one.headers)
                    assert told["data"]["task_id"] == posted.json()["task_id"]

        asyncio.run(walk())
