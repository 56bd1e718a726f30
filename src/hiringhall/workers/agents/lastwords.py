"""An agent's outcome on its way to the disk and back, so that a crash cannot lose it."""

from hiringhall.domain.questions import questions_from_json, questions_to_json
from hiringhall.workers.coordination.desk import HandIn, Submitted
from hiringhall.workers.reports import LastWord
from hiringhall.workers.runtimes.port import Asked, GaveUp, Planned, Said


def to_last_word(submitted: Submitted, *, run_id: str, ended_at_s: int) -> LastWord:
    """What is kept of an outcome."""
    match submitted:
        case Asked(questions):
            return LastWord(run_id, "asked", ended_at_s, questions=questions_to_json(questions))
        case Said(text):
            return LastWord(run_id, "said", ended_at_s, text)
        case Planned(text):
            return LastWord(run_id, "planned", ended_at_s, text)
        case HandIn(text, files):
            return LastWord(run_id, "handed_in", ended_at_s, text, files=tuple(files))
        case GaveUp(reason):
            return LastWord(run_id, "gave_up", ended_at_s, reason)


def from_last_word(word: LastWord) -> Submitted:
    """The outcome that was kept."""
    match word.kind:
        case "asked":
            return Asked(questions_from_json(word.questions))
        case "said":
            return Said(word.text)
        case "planned":
            return Planned(word.text)
        case "handed_in":
            return HandIn(word.text, word.files)
        case _:
            return GaveUp(word.text)
