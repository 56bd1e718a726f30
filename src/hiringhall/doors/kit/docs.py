"""A door's documentation page, made from its OpenAPI document, with no script in it."""

import base64
import hashlib
import json
from collections.abc import Iterable
from html import escape
from typing import Any

from hiringhall.doors.kit.answers import Raw
from hiringhall.doors.kit.refusals import Header

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1c1c1c;background:#fff}
h1{font-size:1.6rem}
h2{font-size:1.2rem;margin-top:2.5rem;border-top:1px solid #ddd;padding-top:1rem}
code,pre{font:14px/1.45 ui-monospace,monospace;background:#f4f4f2}
pre{padding:.75rem;overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #e4e4e0}
@media(prefers-color-scheme:dark){body{background:#161616;color:#e8e8e4}
code,pre{background:#242422}th,td,h2{border-color:#333}}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


def html_page(
    title: str,
    parts: Iterable[str],
    *,
    status: int = 200,
    headers: tuple[Header, ...] = (),
) -> Raw:
    """A page under its heading, of parts that are HTML; nothing in it runs, is fetched or sent."""
    head = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
    )
    page = "".join((head, *parts)).encode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    said = (b"content-security-policy", policy.encode())
    return Raw(page, status, b"text/html; charset=utf-8", (said, *_HEADERS, *headers))


def docs_page(document: dict[str, Any], *, at: str) -> Raw:
    """The page as an answer, ready to be sent as often as it is asked for.

    `at` is the path that the door is served under, which its links begin with.
    """
    info = document["info"]
    parts = [
        f"<p>{escape(info['description'])}</p>",
        f"<p>The same as data: <a href='{escape(at)}/openapi.json'>openapi.json</a>.</p>",
        _contents(document),
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(path, method, operation))
    parts.append("<h2 id=schemas>Schemas</h2>")
    parts.extend(
        _schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
    )
    return html_page(info["title"], parts)


def _contents(document: dict[str, Any]) -> str:
    lines = [
        f"<li><a href='#{escape(operation['operationId'])}'><code>"
        f"{method.upper()} {escape(path)}</code></a> {escape(operation['summary'])}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return f"<ul>{''.join(lines)}</ul>"


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [
        f"<h2 id='{escape(operation['operationId'])}'><code>{method.upper()} "
        f"{escape(path)}</code></h2>",
        *(f"<p>{escape(one)}</p>" for one in operation["description"].split("\n\n")),
    ]
    if "security" in operation:
        parts.append("<p>Needs <code>Authorization: Bearer …</code>.</p>")
    if parameters := operation.get("parameters"):
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
            f"<td>{escape(_kind(one['schema']))}<td>{escape(one.get('description', ''))}"
            for one in parameters
        )
        parts.append(f"<table><tr><th>Parameter<th>In<th>Type<th>{rows}</table>")
    if body := operation.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        parts.append(f"<p>Body: {_link(schema)}</p>")
    rows = "".join(
        f"<tr><td>{status}<td>{escape(one['description'])}<td>{_content(one)}"
        for status, one in operation["responses"].items()
    )
    parts.append(f"<table><tr><th>Status<th><th>Body{rows}</table>")
    return "".join(parts)


def _content(response: dict[str, Any]) -> str:
    content = response.get("content", {}).get("application/json")
    return _link(content["schema"]) if content else ""


def _link(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"array of {_link(schema['items'])}"
    name = escape(schema.get("$ref", "").rpartition("/")[2])
    return f"<a href='#schema-{name}'><code>{name}</code></a>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code><td>{escape(_kind(one))}"
        f"<td>{'yes' if field in required else 'no'}<td>{escape(one.get('description', ''))}"
        for field, one in schema.get("properties", {}).items()
    )
    description = escape(schema.get("description", ""))
    return (
        f"<h3 id='schema-{escape(name)}'><code>{escape(name)}</code></h3><p>{description}</p>"
        f"<table><tr><th>Field<th>Type<th>Required<th>{rows}</table>"
    )


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(one, ensure_ascii=False) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "any"))
