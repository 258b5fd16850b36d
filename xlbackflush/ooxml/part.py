"""An XML part to which elements are added: all that stood in it stays where it was, byte for byte."""

import re
from collections.abc import Sequence


class Part:
    """A part with its root element; `xml` is the part as it has become.

    order: the children of the root in the order that the schema asks for. Where the part writes its elements with a
    prefix, those that are added get it, too.
    """

    def __init__(self, xml: str, root: str, order: Sequence[str] = ()) -> None:
        self.xml, self._root, self._order = xml, root, order
        match = re.search(rf"<(\w+:)?{root}\b", xml)
        self._prefix = (match and match[1]) or ""

    def add(self, container: str, new: str, first: bool = False) -> None:
        """An element at the end, or at the start, of the one that holds all of its kind, which counts them or not."""
        if not re.search(rf"<{self._prefix}{container}\b", self.xml):
            self.insert(container, f"<{container}></{container}>")
        start, content = self.content(container)
        at = start if first else start + len(content)
        head = self.xml[:start]
        opening = head.rindex(f"<{self._prefix}{container}")
        counted = re.sub(r'\bcount="(\d+)"', lambda m: f'count="{int(m[1]) + 1}"', head[opening:])
        self.xml = f"{head[:opening]}{counted}{self.xml[start:at]}{self.own(new)}{self.xml[at:]}"

    def insert(self, tag: str, new: str) -> None:
        """A child of the root at its place, after others of its kind."""
        later = "|".join(self._order[self._order.index(tag) + 1 :])
        match = re.search(rf"<{self._prefix}(?:{later})\b|</{self._prefix}{self._root}>", self.xml)
        assert match, tag
        self.xml = f"{self.xml[: match.start()]}{self.own(new)}{self.xml[match.start() :]}"

    def content(self, tag: str) -> tuple[int, str]:
        """Where the content of an element starts, and the content; an empty element is opened."""
        name = f"{self._prefix}{tag}"
        self.xml = re.sub(rf"<{name}((?:\s[^>]*?)?)\s*/>", rf"<{name}\1></{name}>", self.xml, count=1)
        match = re.search(rf"<{name}(?:\s[^>]*)?>", self.xml)
        assert match, tag
        return match.end(), self.xml[match.end() : self.xml.index(f"</{name}>", match.end())]

    def own(self, new: str) -> str:
        """Elements of ours as the part writes its own."""
        return re.sub(r"<(/?)(?=\w+[\s/>])", rf"<\1{self._prefix}", new) if self._prefix else new
