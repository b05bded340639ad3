"""What can be wrong with a number.

    ValidationError (ValueError)
     ├─ InvalidFormat          characters or separators that do not belong, or a form that cannot be read
     │   └─ InvalidLength          too many or too few characters
     ├─ InvalidChecksum        the check digit does not fit the other digits
     └─ InvalidComponent       a part of the number has a value that is never issued

The texts name the number's form and never the number itself: they may reach logs and error messages.
"""

from __future__ import annotations


class ValidationError(ValueError):
    """The family's root; only its subclasses are raised."""

    message = "The number is not valid."

    def __str__(self) -> str:
        """The text given when it was raised, else the class's own."""
        return str(self.args[0]) if self.args else self.message


class InvalidFormat(ValidationError):
    """Characters or separators that do not belong, or a form that cannot be read."""

    message = "The number has an invalid format."


class InvalidLength(InvalidFormat):
    """Too many or too few characters."""

    message = "The number has an invalid length."


class InvalidChecksum(ValidationError):
    """The check digit does not fit the other digits: most likely a digit was mistyped."""

    message = "The number's check digit does not fit its other digits."


class InvalidComponent(ValidationError):
    """A part of the number has a value that is never issued."""

    message = "One of the parts of the number has a value that is never issued."
