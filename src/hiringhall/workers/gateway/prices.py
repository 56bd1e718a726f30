"""What models cost: a TOML table, the hall's own or the operator's, read once."""

import fnmatch
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from hiringhall.domain.compute import MILLION, Price
from hiringhall.domain.errors import Invalid

BUILT_IN = Path(__file__).with_name("prices.toml")
_DATED = r"(-\d{8}|-\d{4}-\d{2}-\d{2}|-latest|-preview|\[1m\])*"


class PriceLine(msgspec.Struct, forbid_unknown_fields=True):
    """A price as the table writes it: whole currency units for a million tokens."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    written: Decimal | None = None
    written_long: Decimal | None = None
    long_over: int | None = None
    long: "PriceLine | None" = None


class PriceFile(msgspec.Struct, forbid_unknown_fields=True):
    """A table; `unknown` prices what it does not name, `built_in` keeps the hall's own under it."""

    models: dict[str, PriceLine] = {}
    unknown: PriceLine | None = None
    built_in: bool = True


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model; what it does not name costs `unknown`."""

    models: Mapping[str, Price]
    unknown: Price

    def of(self, model: str) -> Price:
        """The price of a model: of the longest name that stands for it."""
        plain = model.rpartition("/")[2].lower()
        fitting = [name for name in self.models if _stands_for(name, plain)]
        return self.models[max(fitting, key=len)] if fitting else self.unknown


def _stands_for(name: str, model: str) -> bool:
    if "*" in name or "[" in name:
        return fnmatch.fnmatchcase(model, name)
    return re.fullmatch(re.escape(name) + _DATED, model) is not None


def read_prices(path: Path | None = None) -> PriceTable:
    """The hall's own prices, with the operator's over them; raises Invalid with the place."""
    own = _read(BUILT_IN)
    given = PriceFile() if path is None else _read(path)
    lines = {**(own.models if given.built_in else {}), **given.models}
    models = {name.lower(): _price(line) for name, line in lines.items()}
    known = models.values()
    if given.unknown is not None:
        return PriceTable(models, _price(given.unknown))
    if not models:
        raise Invalid(f"The price table {path} names no model, and no price for unknown ones")
    return PriceTable(models, _dearest([price.long or price for price in known]))


def _read(path: Path) -> PriceFile:
    try:
        told: Any = tomllib.loads(path.read_text(), parse_float=Decimal)
        return msgspec.convert(told, PriceFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"The price table {path} cannot be read: {error}") from error
    except msgspec.ValidationError as error:
        raise Invalid(f"The price table {path} is not one: {error}") from error


def _price(line: PriceLine) -> Price:
    def micros(given: Decimal | None, usual: Decimal) -> int:
        amount = usual if given is None else given
        if not 0 <= amount <= MILLION:
            raise Invalid(f"A price for a million tokens is 0 to {MILLION}, not {amount}")
        return int((amount * MILLION).to_integral_value())

    return Price(
        input=micros(line.input, line.input),
        output=micros(line.output, line.output),
        cached=micros(line.cached, line.input / 10),
        written=micros(line.written, line.input * 5 / 4),
        written_long=micros(line.written_long, line.input * 2),
        long_over=line.long_over,
        long=None if line.long is None else _price(line.long),
    )


def _dearest(prices: list[Price]) -> Price:
    """What no known model exceeds: a model that nobody priced is not cheap by accident."""
    return Price(
        input=max(one.input for one in prices),
        output=max(one.output for one in prices),
        cached=max(one.cached for one in prices),
        written=max(one.written for one in prices),
        written_long=max(one.written_long for one in prices),
    )
