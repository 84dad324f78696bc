"""Cases that `spikemirror hunt` found: one file a kernel beside the catalogue's cases, which emission reads."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from spikemirror.catalogue import cases as catalogue_cases
from spikemirror.catalogue.cases.case import Case, Found
from spikemirror.catalogue.kernel import Kernel, Value
from spikemirror.catalogue.rejection import Code
from spikemirror.golden.fixture import ArrayRecord, RejectionRecord, decode_value

FOLDER = Path(catalogue_cases.__file__).parent / "found"


class FoundError(ValueError):
    """A file of found cases that cannot be read."""


class FoundCase(msgspec.Struct, forbid_unknown_fields=True):
    """One call in one dtype, arrays as bits, with the rejection that is due if there is one."""

    id: str
    why: str
    dtype: str
    parameters: dict[str, float | int | bool | str | None]
    inputs: dict[str, ArrayRecord]
    rejects: RejectionRecord | None
    found: Found

    def case(self) -> Case:
        """The case to emit."""
        parameters: dict[str, Value] = {name: decode_value(value) for name, value in self.parameters.items()}
        return Case(
            id=self.id,
            why=self.why,
            catches=(),
            inputs={name: record.array() for name, record in self.inputs.items()},
            parameters=parameters,
            dtypes=(self.dtype,),
            rejects=(Code[self.rejects.code], self.rejects.argument) if self.rejects else None,
            verbatim=True,
            found=self.found,
        )


class FoundFile(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of one kernel."""

    kernel: str
    cases: list[FoundCase]
    format: Literal[1] = 1


def path(kernel: Kernel) -> Path:
    """Where the found cases of a kernel are kept."""
    return FOLDER / f"{kernel.name}.json"


def read(kernel: Kernel) -> FoundFile:
    """The found cases of a kernel; none where there is no file."""
    if not path(kernel).exists():
        return FoundFile(kernel.name, [])
    try:
        return msgspec.json.decode(path(kernel).read_bytes(), type=FoundFile)
    except msgspec.MsgspecError as error:
        raise FoundError(f"{path(kernel)}: {error}") from None


def cases(kernel: Kernel) -> list[Case]:
    """The same, to be emitted."""
    return [record.case() for record in read(kernel).cases]
