"""What each setting can be: numbers between bounds, texts of a form; judged when it is read."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from hiringhall.mail import CONSOLE, read_server


def _is_public_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError for one that is none
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and not set(text) & set(' "<>\\?#@')
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isprintable() and not set(text) & set(" \"'")


def _is_name(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}", text))


def _is_label(text: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text))


def _is_currency(text: str) -> bool:
    return bool(re.fullmatch(r"[a-z]{3}", text))


def _is_mail(text: str) -> bool:
    if text == CONSOLE:
        return True
    try:
        read_server(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    name, _, host = text.partition("@")
    return bool(name and host) and text.isprintable() and not set(text) & set(' <>,;"')


def _is_database_url(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    if scheme == "sqlite":
        return rest.startswith("/") and not rest.endswith("/")
    return scheme in ("postgresql", "postgres") and bool(rest)


def _is_log_level(text: str) -> bool:
    return text.lower() in ("debug", "info", "warning", "error")


def _one_of(*words: str) -> tuple[Callable[[str], bool], str]:
    return words.__contains__, f"{', '.join(words[:-1])} or {words[-1]}"


# Amounts go through JSON, whose readers count exactly up to 2**53.
_EXACT = 2**53
USUAL_BOUNDS = (0, 1_000_000)
BOUNDS: dict[str, tuple[int, int]] = {
    "port": (0, 65_535),
    "agent_requests_per_minute": (1, 1_000_000),
    "local_runs": (0, 1000),
    "team_runs": (1, 1000),
    "lease_s": (3, 3600),
    "run_timeout_s": (1, 30 * 24 * 3600),
    "repository_days": (1, 3650),
    "repositories_mib": (0, 1 << 30),
    **dict.fromkeys(("repository_mib", "run_disk_mib", "work_mib"), (1, 1 << 20)),
    # The account that all of them come from must hold their sum in 64 bits.
    "opening_balance_cents": (0, 10**12),
    "credits_per_day": (0, _EXACT),
    "credit_cents": (1, 1_000_000),
    "fee_basis_points": (0, 5_000),
    **dict.fromkeys(
        ("selection_hours", "grace_hours", "review_hours", "dispute_hours"), (1, 24 * 365)
    ),
    **dict.fromkeys(
        ("run_cap_cents", "task_cap_cents", "team_cap_cents", "organization_cap_cents"),
        (0, 10**11),
    ),
}
FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    **dict.fromkeys(
        (
            "public_url",
            "anthropic_base_url",
            "openai_base_url",
            "gemini_base_url",
            "kubernetes_url",
            "github_api_url",
            "stripe_base_url",
        ),
        (_is_public_url, "http://host or https://host, with nothing secret in it"),
    ),
    **dict.fromkeys(
        (
            "anthropic_api_key",
            "openai_api_key",
            "gemini_api_key",
            "stripe_secret_key",
            "stripe_webhook_secret",
        ),
        (_is_key, "a key in plain letters and signs, without spaces"),
    ),
    "email": (_is_mail, "console, smtp://host:port or smtps://user:password@host:port"),
    "email_from": (_is_address, "an address such as hall@example.org"),
    "database_url": (_is_database_url, "sqlite:///absolute/path/hall.db or postgresql://…"),
    "sandbox": _one_of("bubblewrap", "docker", "kubernetes", "process-unsafe"),
    **dict.fromkeys(
        ("sandbox_image", "model"), (_is_name, "a name of letters, digits and -_.:/@ alone")
    ),
    **dict.fromkeys(
        ("kubernetes_namespace", "kubernetes_claim"),
        (_is_label, "a name of small letters, digits and -"),
    ),
    "currency": (_is_currency, "three small letters, such as usd"),
    "log_level": (_is_log_level, "debug, info, warning or error"),
    "log_format": _one_of("auto", "console", "json"),
}
