"""Rules of what is not wrong in itself, and cannot well be right. Each names what it looks like, and its effect in money."""
