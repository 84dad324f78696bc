"""A finding becomes a fixture: it is kept beside the catalogue's cases, and its kernel's file is emitted anew."""

from __future__ import annotations

import msgspec

from spikemirror.catalogue import CATALOGUE
from spikemirror.files import write_all
from spikemirror.golden import found
from spikemirror.golden.emit import MANIFEST, fixture, manifest
from spikemirror.golden.fixture import to_json
from spikemirror.golden.load import Golden, GoldenError
from spikemirror.hunt.finding import Finding


def promote(finding: Finding) -> bool:
    """False if it is one already; EmissionError or GoldenError, and nothing is written, if it cannot become one."""
    kernel, case = CATALOGUE[finding.cell.kernel], finding.case
    assert case.found is not None
    known = found.read(kernel)
    if case.id in {other.id for other in known.cases}:
        return False
    dtype = finding.cell.dtype
    rejects = case.expected[dtype].rejection if dtype in case.expected else None
    new = found.FoundCase(case.id, case.why, dtype, case.parameters, case.inputs, rejects, case.found)
    text = fixture(kernel, [new.case()])
    golden = Golden()
    if problems := golden.verify():
        raise GoldenError(f"{golden.path}: {'; '.join(problems)}")
    file = f"{kernel.name}.json"
    texts = {name: (golden.path / name).read_text(encoding="utf-8") for name in golden.files} | {file: text}
    known.cases.append(new)
    write_all(found.FOLDER, {file: to_json(msgspec.to_builtins(known))})
    write_all(golden.path, {file: text, MANIFEST: manifest(texts)})
    return True
