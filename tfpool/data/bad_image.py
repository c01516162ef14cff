"""The error for an image file that cannot be used."""

from __future__ import annotations


class BadImage(ValueError):
    """An image file that cannot be used; `reason` is the part of the message after its name."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"{name} {reason}. {remedy}")
        self.reason = reason
