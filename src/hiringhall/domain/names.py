"""Names that people give: of themselves, their organizations and their teams."""

from hiringhall.domain.errors import Invalid

MAX_LENGTH = 200


def tidy_name(name: str | None, field: str) -> str:
    """A name in the form it is kept; `field` is what the refusal calls it. Raises Invalid."""
    tidy = " ".join((name or "").split())
    label = field.replace("_", " ").capitalize()
    if not tidy:
        raise Invalid(f"{label} cannot be empty", {field: "empty"})
    if len(tidy) > MAX_LENGTH:
        raise Invalid(f"{label} is longer than {MAX_LENGTH} characters", {field: "too long"})
    return tidy
