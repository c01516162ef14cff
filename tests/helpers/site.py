"""A site of documentation, as a browser would follow it."""

import re
import urllib.parse
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path


class Html(HTMLParser):
    """A page of the site: its anchors, where it links to, and what a browser loads with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.anchors |= {attributes[name] for name in ("id", "name") if name in attributes}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if "src" in attributes:
            self.loaded.append(attributes["src"])
        if tag == "link" and attributes.get("rel") in ("stylesheet", "preload", "preconnect", "icon", "shortcut icon"):
            self.loaded.append(attributes["href"])


def dead_links(site: Path, pages: dict[Path, Html]) -> Iterator[str]:
    """Links to files or anchors that the site does not have."""
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            address = urllib.parse.urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(address.path)).resolve() if address.path else path
            anchor = urllib.parse.unquote(address.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                yield f"{path.relative_to(site)}: {link}"


def outside_addresses(site: Path, pages: dict[Path, Html]) -> Iterator[str]:
    """Addresses outside the site from which a browser would load something."""
    for page in pages.values():
        yield from (link for link in page.loaded if re.match("(https?:)?//", link))
    for path in site.rglob("*.css"):
        yield from re.findall(r"(?:url\(|@import )['\"]?((?:https?:)?//[^'\")]+)", path.read_text())
