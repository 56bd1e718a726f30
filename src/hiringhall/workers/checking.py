"""Checks what was handed in, in the background, for as long as the hall serves."""

import secrets
from dataclasses import dataclass

import structlog

from hiringhall.actions.market.checking import (
    CheckToDo,
    check_again,
    finish_check,
    take_check,
)
from hiringhall.blobs import BlobMissing, Blobs
from hiringhall.domain.check_coherence import (
    MOST_OUTPUT_TOKENS,
    SYSTEM,
    check_coherence,
    question_of,
    read_answer,
)
from hiringhall.domain.check_format import check_format
from hiringhall.domain.checks import (
    GIVEN_UP,
    MOST_ATTEMPTS,
    MOST_TAKEN,
    Checked,
    CheckKind,
    CheckResult,
    FileShown,
)
from hiringhall.hall import Hall
from hiringhall.signals import CHECKS
from hiringhall.workers.errand_loop import LOOK_EVERY_S, keep_at
from hiringhall.workers.gateway.errands import NoAnswer, ask_model
from hiringhall.workers.gateway.gateway import Gateway
from hiringhall.workers.runtimes.builtin_role import ModelChoice

log = structlog.get_logger()

AT_ONCE = 4


class TryAgain(Exception):
    """A model gave no answer, and may give one in a while."""


@dataclass(frozen=True, slots=True)
class Checker:
    """Does checks one after another; without a `model` coherence is judged by rules."""

    hall: Hall
    blobs: Blobs
    gateway: Gateway
    model: ModelChoice | None = None

    async def keep_checking(self, *, look_every_s: float = LOOK_EVERY_S) -> None:
        """Check until cancelled; what is under way then is taken up again."""
        await keep_at(
            self.hall.signals, CHECKS, self.check_next, at_once=AT_ONCE, look_every_s=look_every_s
        )

    async def check_next(self) -> bool:
        """Do the check that has waited longest; whether there was one."""
        todo = await take_check(self.hall)
        if todo is None:
            return False
        check = todo.check
        try:
            result = GIVEN_UP if check.attempts > MOST_TAKEN else await self._check(todo)
        except TryAgain:
            await check_again(self.hall, check=check)
        except Exception:
            log.exception("checks.failed", deliverable_id=check.deliverable_id, kind=check.kind)
            await check_again(self.hall, check=check)
        else:
            await finish_check(self.hall, check=check, result=result)
        return True

    async def _check(self, todo: CheckToDo) -> CheckResult:
        seen = Checked(
            title=todo.task.title,
            brief=todo.brief,
            expected_output=todo.expected_output,
            text=todo.deliverable.text,
            links=todo.links,
            files=await self._files(todo),
        )
        if todo.check.kind is CheckKind.FORMAT:
            return check_format(seen)
        if self.model is None:
            return check_coherence(seen)
        if todo.check.attempts > MOST_ATTEMPTS:
            # Whoever asked before may have died with the answer, which was paid for all the same.
            return check_coherence(seen, because="No answer of the model was ever taken in")
        return await self._ask(self.model, todo, seen)

    async def _ask(self, model: ModelChoice, todo: CheckToDo, seen: Checked) -> CheckResult:
        """A model's word; raises TryAgain as long as that is worth it, then it is the rules'."""
        try:
            told = await ask_model(
                self.gateway,
                spender=todo.spender,
                model=model.name,
                speaks=model.speaks,
                system=SYSTEM,
                question=question_of(seen, mark=f"m-{secrets.token_hex(8)}"),
                most_output_tokens=MOST_OUTPUT_TOKENS,
            )
        except NoAnswer as error:
            log.warning("checks.no_answer", task_id=todo.task.id, because=error.message)
            why, may_retry = error.message, error.may_retry
        else:
            result = read_answer(told, model=model.name)
            if result is not None:
                return result
            why, may_retry = "The model's answer was none", True
        if may_retry and todo.check.attempts < MOST_ATTEMPTS:
            raise TryAgain
        return check_coherence(seen, because=why)

    async def _files(self, todo: CheckToDo) -> tuple[FileShown, ...]:
        return tuple(
            [
                FileShown(row.name, row.size_bytes, await self._there(row.blob_key, row.size_bytes))
                for row in todo.files
            ]
        )

    async def _there(self, key: str, size_bytes: int) -> bool:
        try:
            async with self.blobs.open(key) as blob:
                return blob.size_bytes == size_bytes
        except BlobMissing:
            return False
