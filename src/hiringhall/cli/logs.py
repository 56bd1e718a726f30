"""Where the server's log goes: standard error, for people on a terminal, as JSON elsewhere."""

import logging
import sys
from typing import Any

import structlog

from hiringhall.settings import Settings, SettingsError

# A frame's variables hold requests, and so keys and passwords: a traceback shows none of them.
_DICT_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure(settings: Settings) -> None:
    """Set up logging for this process, the libraries' too; raises SettingsError."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper())
    if level is None:
        raise SettingsError("HIRINGHALL_LOG_LEVEL takes debug, info, warning or error")
    if settings.log_format not in {"auto", "console", "json"}:
        raise SettingsError("HIRINGHALL_LOG_FORMAT takes auto, console or json")
    as_json = settings.log_format == "json" or (
        settings.log_format == "auto" and not sys.stderr.isatty()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [_DICT_TRACEBACKS, structlog.processors.JSONRenderer()]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # At level info httpx names each address it calls, signatures in links and all.
    for chatty in ("alembic", "httpx", "httpcore", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
