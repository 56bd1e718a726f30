"""The desk of a run that works elsewhere: what it says goes to the hall at once."""

from hiringhall.actions.runs import outcomes
from hiringhall.domain.errors import Invalid
from hiringhall.workers.coordination.desk import Desk, HandIn, Submitted
from hiringhall.workers.runtimes.port import Asked, GaveUp, Planned, Said
from hiringhall.workers.saying import without_secrets


class DeskElsewhere(Desk):
    """Nobody here waits for such a run's outcome: its own word writes it, by its token."""

    async def hand_over(self, outcome: Submitted) -> None:
        """Write the outcome. Raises Superseded, and Invalid for files that were not attached."""
        hall, token = self.hall, self.token
        if isinstance(outcome, HandIn):
            if outcome.files:
                raise Invalid("Send each file with attach_file; what is attached is handed in")
            await outcomes.deliver(hall, token=token, text=self.mask(outcome.text))
            return
        match without_secrets(outcome, self.mask):
            case Asked(questions):
                await outcomes.ask(hall, token=token, asked=questions)
            case Said(text):
                await outcomes.message_customer(hall, token=token, text=text)
            case Planned(text):
                await outcomes.propose_plan(hall, token=token, text=text)
            case GaveUp(reason):
                await outcomes.give_up(hall, token=token, reason=reason)
            case other:
                raise AssertionError(f"no run says {other}")
