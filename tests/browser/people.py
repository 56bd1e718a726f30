"""People with a real browser of their own, and what must never happen in it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
)

PASSWORD = "correct horse battery"
PATIENCE_MS = 30_000
"""How long something may take that takes milliseconds: the machine may be busy."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Somebody:
    """Somebody at a page. Names are what their account is called, and their address's beginning."""

    context: BrowserContext
    page: Page
    url: str
    name: str = ""
    trouble: list[str] = field(default_factory=list[str])
    """Scripts that failed, what the policy stopped, and what was asked of another address."""

    @property
    def email(self) -> str:
        """Whoever has that name has this address."""
        return f"{self.name}@example.org"

    async def opens(self, path: str) -> None:
        """Go to a page of the hall."""
        await self.page.goto(path)

    async def signs_up(self, name: str, **fields: str) -> None:
        """Open an account by the page, and be home."""
        self.name = name
        await self.opens("/signup")
        for label, value in {
            "Your name": name.capitalize(),
            "E-mail": self.email,
            "Password": PASSWORD,
            **fields,
        }.items():
            await self.page.get_by_label(label, exact=True).fill(value)
        await self.presses("Open an account")
        await self.is_at("/app")

    async def signs_in(self, name: str) -> None:
        """Sign in by the page, as somebody that there is."""
        self.name = name
        await self.opens("/signin")
        await self.types("E-mail", self.email)
        await self.types("Password", PASSWORD)
        await self.presses("Sign in")
        await self.is_at("/app")

    async def types(self, label: str, text: str) -> None:
        """Fill in a field by its label."""
        await self.page.get_by_label(label, exact=True).fill(text)

    async def presses(self, name: str) -> None:
        """Press the button of that name."""
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def follows(self, name: str) -> None:
        """Follow the link of that name."""
        await self.page.get_by_role("link", name=name, exact=True).first.click()

    async def sees(self, text: str) -> None:
        """Wait until something is to be read."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def is_at(self, path: str) -> None:
        """Wait until the browser is at a page."""
        await self.page.wait_for_url(f"{self.url}{path}", timeout=PATIENCE_MS)

    @property
    def path(self) -> str:
        """Where the browser is."""
        return urlsplit(self.page.url).path


async def come(browser: Browser, url: str, *, scripts: bool = True) -> Somebody:
    """Somebody nobody knows, with a browser that has been nowhere."""
    context = await browser.new_context(base_url=url, java_script_enabled=scripts)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    made = Somebody(context, page, url)

    def asked(request: Request) -> None:
        if not request.url.startswith((f"{url}/", "data:")):
            made.trouble.append(f"asked for {request.url}")

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            made.trouble.append(message.text)

    def failed(error: WebError) -> None:
        made.trouble.append(f"a script failed: {error.error}")

    context.on("request", asked)
    context.on("console", said)
    context.on("weberror", failed)
    return made
