"""What makes a command come to nothing."""


class RefusedError(Exception):
    """The command is refused; the message is one plain line for the user. Nothing was changed."""


class UnusableError(RefusedError):
    """The file cannot be used; the message is one plain line for the user. Nothing was changed."""
