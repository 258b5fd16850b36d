"""People: the names of those who prepare and approve a run, as they are told apart."""

import unicodedata

#: characters that are no letters, and that nobody sees: controls, joiners, marks of direction, spaces
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")


def person(name: str) -> str:
    """A name as two people are told apart by it; "" where it says nothing.

    Names are typed by hand: width of letters, capitals, spaces, a full stop at the end, and characters that nobody sees make
    no other person of one.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in text if unicodedata.category(c) not in _UNSEEN).rstrip(".")
