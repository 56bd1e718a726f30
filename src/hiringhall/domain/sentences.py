"""What a refusal says, its data kept apart: each door spells amounts and fields in its own way."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Cents:
    """An amount of money; `unit` says whether programs are told that it is cents here."""

    cents: int
    unit: bool = True

    @property
    def plain(self) -> str:
        """As programs send it."""
        return f"{self.cents} cents" if self.unit else str(self.cents)


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is given, by the name that programs give it by."""

    name: str

    @property
    def plain(self) -> str:
        """That name."""
        return self.name


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole, from 0 to 1."""

    part: float

    @property
    def plain(self) -> str:
        """As programs send it."""
        return f"{self.part:g}"


Piece: TypeAlias = str | Cents | Field | Part


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in pieces: its words, and what else it speaks of."""

    pieces: tuple[Piece, ...]

    @property
    def plain(self) -> str:
        """All of it, as programs are told."""
        return "".join(one if isinstance(one, str) else one.plain for one in self.pieces)


def sentence(*pieces: Piece) -> Sentence:
    """A sentence of these pieces."""
    return Sentence(pieces)


def as_sentence(said: str | Sentence) -> Sentence:
    """What has words alone is one, too."""
    return said if isinstance(said, Sentence) else Sentence((said,))
