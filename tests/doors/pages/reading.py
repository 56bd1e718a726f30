"""Reads pages as a browser does: forms with their fields, links, and whatever could run."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """A form as it stands on a page: where it goes, and what it sends when nobody types."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def values(self) -> dict[str, str]:
        return dict(self.fields)


@dataclass
class Element:
    """A tag with its attributes."""

    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """A page, taken apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = text
        self.elements: list[Element] = []
        self.forms: list[PageForm] = []
        self.words = ""
        self.scripts: list[str] = []
        self._form: PageForm | None = None
        self._area: str | None = None
        self._in_script = False
        self._select: str | None = None
        self._rows: list[list[str]] = []
        self._in_cell = False
        self.feed(text)
        self.close()

    @property
    def line(self) -> str:
        """Its words on one line, with one space where there are several."""
        return " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes))
        if tag == "form":
            self._form = PageForm(attributes.get("action", ""), attributes.get("method", "get"))
            self.forms.append(self._form)
        self._in_script = tag == "script"
        self._begin_cell(tag)
        if self._form is None:
            return
        name = attributes.get("name", "")
        if tag == "input" and attributes.get("type") in ("radio", "checkbox"):
            if "checked" in attributes:
                self._form.fields.append((name, attributes.get("value", "on")))
        elif tag == "input":
            self._form.fields.append((name, attributes.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select is not None:
            self._choose(attributes)
        elif tag == "textarea":
            self._form.fields.append((name, ""))
            self._area = name

    def _begin_cell(self, tag: str) -> None:
        if tag == "tr":
            self._rows.append([])
        elif tag == "td" and self._rows:
            self._in_cell = True
            self._rows[-1].append("")

    def _choose(self, attributes: dict[str, str]) -> None:
        """A list's choice: the one that is marked, else its first."""
        assert self._form is not None
        names = [name for name, _ in self._form.fields]
        name, value = self._select or "", attributes.get("value", "")
        if name not in names:
            self._form.fields.append((name, value))
        elif "selected" in attributes:
            self._form.fields[names.index(name)] = (name, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "form":
            self._form = None
        if tag == "td":
            self._in_cell = False
        if tag == "textarea" and self._form is not None:
            name, value = self._form.fields[-1]
            # A text's first line break is the markup's own (HTML, 13.2.6.4.7).
            self._form.fields[-1] = (name, value.removeprefix("\n"))
            self._area = None
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)
        if self._area is not None and self._form is not None:
            name, value = self._form.fields[-1]
            self._form.fields[-1] = (name, value + data)
        if self._in_cell:
            self._rows[-1][-1] += data
        self.words += data

    @property
    def rows(self) -> list[list[str]]:
        """What stands in the cells of tables, row by row."""
        return [[" ".join(cell.split()) for cell in row] for row in self._rows if row]

    def form(self, action: str) -> PageForm:
        """The form that goes to an address."""
        found = [one for one in self.forms if one.action == action]
        assert len(found) == 1, f"{action}: {[one.action for one in self.forms]}"
        return found[0]

    def runs_nothing(self) -> None:
        """Whatever strangers wrote, no script, handler, frame or picture of theirs is here."""
        assert "".join(self.scripts).strip() == ""
        for one in self.elements:
            assert one.tag not in {"svg/onload=alert(1)", "iframe", "object", "embed", "style"}
            assert not [name for name in one.attributes if name.startswith("on")], one
            assert one.tag != "img" or one.attributes["src"].startswith("/assets/"), one
            assert one.tag != "script" or one.attributes["src"].startswith("/assets/"), one
            assert not one.attributes.get("href", "").lower().startswith("javascript:"), one
            assert "style" not in one.attributes, one

    def links(self) -> set[str]:
        """Where one can go from here."""
        return {one.attributes["href"] for one in self.elements if one.tag == "a"}
