"""Why a kernel refuses an input: one code for every language, an integer across a binary interface."""

from __future__ import annotations

from enum import Enum


class Code(Enum):
    """The rejection codes, in the order in which they are checked (contents share the last place)."""

    bad_dtype = 1
    bad_rank = 2
    bad_shape = 3
    bad_choice = 4
    bad_parameter = 5
    non_finite = 6
    bad_spikes = 7
    bad_target = 8


class Rejection(ValueError):
    """An input that a kernel refuses: `code`, the `argument` at fault, and a message that says what would be right."""

    def __init__(self, code: Code, argument: str, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.reason = code
        self.argument = argument

    @property
    def code(self) -> str:
        """The code's name, the same in every language."""
        return self.reason.name

    def __reduce__(self) -> tuple[type[Rejection], tuple[Code, str, str]]:
        return type(self), (self.reason, self.argument, str(self).removeprefix(f"{self.code}: "))
