"""A finding again, held against what the oracle says today."""

from __future__ import annotations

from pathlib import Path

from spikemirror.catalogue import CATALOGUE
from spikemirror.exact.balls import Undecided
from spikemirror.golden.emit import EmissionError
from spikemirror.golden.fixture import CaseRecord
from spikemirror.hunt import oracle
from spikemirror.hunt.call import of_case
from spikemirror.hunt.finding import Finding, FindingError, load


class NoAnswer(Exception):
    """The oracle does not tell what a call must give."""


def replay(path: Path) -> tuple[Finding, CaseRecord]:
    """The finding of a file, and what its call must give."""
    finding = load(path)
    try:
        return finding, oracle.expected(CATALOGUE[finding.cell.kernel], of_case(finding.case, finding.cell.dtype))
    except (Undecided, EmissionError) as error:
        raise NoAnswer(f"the oracle has no answer: {error}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise FindingError(f"{path}: no call of {finding.cell.kernel}: {error}") from None
