"""What makes a file or command unusable."""

from xlbackflush.errors import RefusedError


class UnusableError(RefusedError):
    """The file cannot be used; the message is one plain line for the user. Nothing was changed."""
