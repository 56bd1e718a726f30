"""Twenty tasks, each with a life of its own and lived by the hall's own actions.

They are the prototypes that `bench/fill.py` multiplies, so that a million rows look as the hall
itself would have written them, whatever its tables are by then.
"""

import random

from hiringhall.actions import accounts
from hiringhall.actions.accounts import IssuedKey
from hiringhall.actions.runs import outcomes, working
from hiringhall.actions.tasks import answer, post
from hiringhall.app import now_us
from hiringhall.domain.policy import Actor
from hiringhall.domain.questions import Question, make_question
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from hiringhall.store.database import open_database
from tests.support.halls import QuietEngine, begin, make_hall

LIVES = (
    *("done",) * 9,
    *("asked, then done",) * 4,
    *("in review",) * 3,
    *("awaiting a reply",) * 2,
    "cancelled",
    "failed",
)

_WORDS = """
add fix the a page form test list user order price export import file search filter sort header
footer button table report mail login token cache retry log chart date time
"""


async def live_all(database_url: str) -> dict[str, str]:
    """Make a database with an organization for each life; their keys by organization."""
    database = await open_database(database_url)
    try:
        hall = make_hall(database, clock=now_us, engine=QuietEngine())
        draw = random.Random(20)
        keys: dict[str, str] = {}
        for number, life in enumerate(LIVES):
            issued = await account(hall, f"poster{number}")
            keys[issued.organization_id] = issued.secret
            await _live(hall, await authenticate(hall, issued.secret), life, draw)
        return keys
    finally:
        await database.close()


async def account(hall: Hall, name: str) -> IssuedKey:
    """A new account; by the operator, whom nothing throttles."""
    issued = await accounts.create_user(hall, email=f"{name}@example.org", name=name)
    assert issued is not None
    return issued


async def somebody(hall: Hall, name: str) -> Actor:
    """A new account, as the actor that its key stands for."""
    return await authenticate(hall, (await account(hall, name)).secret)


async def _live(hall: Hall, actor: Actor, life: str, draw: random.Random) -> None:
    task = await post.create_task(
        hall, actor=actor, title=prose(draw, 6), description=prose(draw, 25)
    )
    if life == "cancelled":
        await answer.cancel_task(hall, actor=actor, task_id=task.id)
        return
    token = (await begin(hall)).token
    await working.report_progress(hall, token=token, text=prose(draw, 8))
    if "ask" in life or "await" in life:
        await outcomes.ask(hall, token=token, asked=_questions(draw))
        if life == "awaiting a reply":
            return
        await answer.reply(hall, actor=actor, task_id=task.id, text=prose(draw, 10), answers=None)
        token = (await begin(hall)).token
    if life == "failed":
        await outcomes.give_up(hall, token=token, reason=prose(draw, 10))
        return
    await outcomes.deliver(hall, token=token, text=prose(draw, 30))
    if life != "in review":
        await answer.decide_deliverable(
            hall, actor=actor, task_id=task.id, accepted=True, reason=None
        )


def _questions(draw: random.Random) -> list[Question]:
    return [
        make_question("single_select", prose(draw, 8), [prose(draw, 2), prose(draw, 3)]),
        make_question("text", prose(draw, 8), None),
    ]


def prose(draw: random.Random, words: int) -> str:
    """So many words of the kind that people write into tasks."""
    return " ".join(draw.choices(_WORDS.split(), k=words)).capitalize()
