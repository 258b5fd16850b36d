"""What makes a file or command unusable."""


class UnusableError(Exception):
    """The file cannot be used; the message is one plain line for the user. Nothing was changed."""
