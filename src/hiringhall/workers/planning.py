"""Plans Task Forces for the manager, in the background, by asking a model."""

import secrets
from dataclasses import dataclass

import structlog

from hiringhall.actions.force.by_manager import (
    Dropped,
    PlanToMake,
    finish_planning,
    give_up_planning,
    mend_plan,
    plan_again,
    take_planning,
)
from hiringhall.domain.errors import Invalid
from hiringhall.domain.force_planning import (
    MOST_ASKED,
    MOST_OUTPUT_TOKENS,
    SYSTEM,
    question_of,
    read_plan,
)
from hiringhall.hall import Hall
from hiringhall.signals import PLANNINGS
from hiringhall.workers.errand_loop import LOOK_EVERY_S, keep_at
from hiringhall.workers.gateway.errands import NoAnswer, ask_model
from hiringhall.workers.gateway.gateway import Gateway
from hiringhall.workers.runtimes.builtin_role import ModelChoice

log = structlog.get_logger()

AT_ONCE = 2
NO_MODEL = "No model is set up here that plans"
TOO_OFTEN = "Whoever began to plan it ended before it was done"


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one Task Force after another; without a `model` each buyer is told so."""

    hall: Hall
    gateway: Gateway
    model: ModelChoice | None = None

    async def keep_planning(self, *, look_every_s: float = LOOK_EVERY_S) -> None:
        """Plan until cancelled; what is under way then is taken up again."""
        await keep_at(
            self.hall.signals, PLANNINGS, self.plan_next, at_once=AT_ONCE, look_every_s=look_every_s
        )

    async def plan_next(self) -> bool:
        """Plan what has waited longest; whether there was one."""
        todo = await take_planning(self.hall)
        if todo is None or isinstance(todo, Dropped):
            return todo is not None
        planning = todo.planning
        try:
            if self.model is None:
                await give_up_planning(self.hall, planning=planning, why=NO_MODEL)
            elif planning.attempts > MOST_ASKED:
                await give_up_planning(self.hall, planning=planning, why=TOO_OFTEN)
            else:
                await self._plan(self.model, todo)
        except Exception:
            log.exception("plannings.failed", task_id=planning.task_id)
            await plan_again(self.hall, planning=planning)
        return True

    async def _plan(self, model: ModelChoice, todo: PlanToMake) -> None:
        planning = todo.planning
        try:
            told = await ask_model(
                self.gateway,
                spender=todo.spender,
                model=model.name,
                speaks=model.speaks,
                system=SYSTEM,
                question=question_of(todo.seen, planning, mark=f"m-{secrets.token_hex(8)}"),
                most_output_tokens=MOST_OUTPUT_TOKENS,
            )
        except NoAnswer as error:
            log.warning("plannings.no_answer", task_id=planning.task_id, because=error.message)
            if error.may_retry and planning.attempts < MOST_ASKED:
                await plan_again(self.hall, planning=planning)
            else:
                await give_up_planning(self.hall, planning=planning, why=error.message)
            return
        try:
            parts = read_plan(told, todo.seen)
        except Invalid as error:
            log.warning("plannings.no_plan", task_id=planning.task_id, because=error.message)
            if planning.is_repair:
                why = f"The model's plan was none, twice: {error.message}"
                await give_up_planning(self.hall, planning=planning, why=why)
            else:
                await mend_plan(self.hall, planning=planning, answer=told, fault=error.message)
            return
        await finish_planning(self.hall, planning=planning, parts=parts, model=model.name)
