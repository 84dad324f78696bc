"""Seed every fault, one at a time in each language, and tell which cases notice it."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.faults import Edit, FaultsError
from spikemirror.files import cache_folder, project_folder, write_atomically
from spikemirror.golden.load import Golden
from spikemirror.mirrors import MirrorFault
from spikemirror.mirrors.process import ProcessMirror
from spikemirror.mutants.record import Kill, Verdict
from spikemirror.mutants.workspace import BuildError, Workspace
from spikemirror.parity.cell import fill
from spikemirror.parity.record import Cell
from spikemirror.parity.run import tasks

JUDGES = ("parity/compare.py", "parity/cell.py")
"""What decides a verdict, beside the sources and the fixtures."""
FEW = 2
"""Kernels that an edit is seeded in for a sample."""
SLOPPY = (
    "SyntaxError",
    "NameError",
    "AttributeError",
    "UnboundLocalError",
    "TypeError",
    "UndefVarError",
    "MethodError",
)
"""Mistakes of the edit itself: a fault that fails in no other way than these has not been seeded."""


class UnsoundError(Exception):
    """The unmutated sources do not pass, so that no verdict would mean anything."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One edit, and the kernel whose fixtures must notice it; None for the harness."""

    edit: Edit
    kernel: str | None


def units(edits: Sequence[Edit], kernels: Sequence[str]) -> list[Unit]:
    """Each edit with each of its kernels, of those asked for."""
    found = []
    for edit in edits:
        if edit.language == "harness":
            found += [] if kernels else [Unit(edit, None)]
        else:
            found += [Unit(edit, k) for k in edit.kernels if not kernels or k in kernels]
    return found


def sample(work: Sequence[Unit], count: int, seed: int) -> list[Unit]:
    """So many edits of each file, each on a few of its kernels, as the seed and the names alone decide.

    The harness counts as one file: its tests take long.
    """

    def order(name: str) -> bytes:
        return hashlib.sha256(f"{seed} {name}".encode()).digest()

    strata: dict[str, dict[Edit, list[Unit]]] = {}
    for unit in sorted(work, key=lambda u: (order(u.edit.name), order(f"{u.edit.name} {u.kernel}"))):
        file = unit.edit.language if unit.kernel is None else unit.edit.file
        strata.setdefault(file, {}).setdefault(unit.edit, []).append(unit)
    return [unit for edits in strata.values() for mine in list(edits.values())[:count] for unit in mine[:FEW]]


class Runner:
    """Runs units, from the cache where nothing changed since."""

    def __init__(self, golden: Golden, fresh: bool = False) -> None:
        self._golden = golden
        self._fresh = fresh
        self._folder = cache_folder() / "mutants" / "verdicts"
        package = project_folder() / "python" / "spikemirror"
        self._judges = "".join(hashlib.sha256((package / name).read_bytes()).hexdigest() for name in JUDGES)
        self._sources: dict[tuple[str, str | None], str] = {}
        self._cases: dict[str, str] = {}
        self._stop = threading.Event()

    def run(self, work: Sequence[Unit], threads: int, advance: Callable[[int], None]) -> list[Verdict]:
        """The verdicts, in the order of the units. Languages run beside each other, each fault on its own."""
        found: dict[Unit, Verdict] = {}
        languages = dict.fromkeys(u.edit.language for u in work)

        def column(language: str) -> None:
            mine = [u for u in work if u.edit.language == language]
            self._baseline(language, [u for u in mine if self._cached(u) is None])
            for edit in dict.fromkeys(u.edit for u in mine):
                if self._stop.is_set():
                    return
                group = [u for u in mine if u.edit == edit]
                found.update(zip(group, self._edit(edit, group), strict=True))
                advance(len(group))

        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(column, language) for language in languages]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                self._stop.set()
                raise
        return [found[unit] for unit in work]

    def _edit(self, edit: Edit, group: Sequence[Unit]) -> list[Verdict]:
        known = {unit: self._cached(unit) for unit in group}
        due = [unit for unit, verdict in known.items() if verdict is None]
        if due:
            for unit, verdict in zip(due, self._seed(edit, due), strict=True):
                known[unit] = verdict
                if verdict.status == "killed":
                    write_atomically(self._path(unit), msgspec.json.encode(verdict).decode())
        return [verdict for verdict in known.values() if verdict is not None]

    def _baseline(self, language: str, due: Sequence[Unit]) -> None:
        """Without a fault nothing may be noticed, or a verdict would mean nothing."""
        sound = {self._key(language, unit.kernel): unit.kernel for unit in due if unit.kernel}
        kernels = [kernel for key, kernel in sound.items() if not (self._folder / key).exists()]
        tests = tuple(dict.fromkeys(name for unit in due for name in unit.edit.tests))
        workspace = Workspace(language)
        with workspace.seeded(None):
            if tests:
                with tempfile.TemporaryDirectory() as folder:
                    done = workspace.test(tests, Path(folder) / "report.xml")
                if done.returncode:
                    raise UnsoundError(f"without any fault the tests of the harness fail:\n{done.stdout[-2000:]}")
            if kernels:
                with contextlib.closing(workspace.open(kernels)) as mirror:
                    cells = [fill(mirror, task) for task in tasks(self._golden, kernels)]
                for cell in cells:
                    if cell.status != "ok":
                        raise UnsoundError(
                            f"without any fault {language} fails {cell.kernel}/{cell.case}: {cell.message or cell.got};"
                            " run `spikemirror parity` first"
                        )
        for key in sound:
            write_atomically(self._folder / key, "")

    def _seed(self, edit: Edit, due: Sequence[Unit]) -> list[Verdict]:
        workspace = Workspace(edit.language)
        try:
            with workspace.seeded(edit):
                if edit.language == "harness":
                    return [_tested(workspace, unit) for unit in due]
                mirror = workspace.open({unit.kernel for unit in due if unit.kernel})
                try:
                    _ = mirror.introduction
                    return [self._judged(mirror, unit) for unit in due]
                finally:
                    mirror.close()
        except (BuildError, FaultsError) as error:
            return [_verdict(unit, "error", message=str(error)) for unit in due]
        except MirrorFault as fault:
            return [_verdict(unit, "error", message=f"does not start: {fault}") for unit in due]

    def _judged(self, mirror: ProcessMirror, unit: Unit) -> Verdict:
        assert unit.kernel is not None
        cells = [fill(mirror, task) for task in tasks(self._golden, [unit.kernel])]
        bad = [cell for cell in cells if cell.status != "ok"]
        if not bad:
            return _verdict(unit, "survived", message=f"{len(cells)} cells of {unit.kernel} see nothing")
        if idle := next((cell for cell in bad if cell.status == "not run"), None):
            return _verdict(unit, "error", message=f"it was not run: {idle.message}")
        if all(cell.status == "failed" and _sloppy(cell) for cell in bad):
            return _verdict(unit, "error", message=f"the edit is no honest fault: {bad[0].message}")
        kills = [Kill(c.case, c.dtype, c.used, c.status == "failed") for c in bad]
        return _verdict(unit, "killed", kills)

    def _cached(self, unit: Unit) -> Verdict | None:
        path = self._path(unit)
        if self._fresh or not path.is_file():
            return None
        return msgspec.json.decode(path.read_bytes(), type=Verdict)

    def _path(self, unit: Unit) -> Path:
        edit = unit.edit
        return self._folder / self._key(
            edit.language, unit.kernel, edit.name, edit.file, edit.old, edit.new, *edit.tests
        )

    def _fixtures(self, kernel: str) -> str:
        """A digest of what a kernel's cases compute; what they claim to catch and why they are there is left out."""
        if kernel not in self._cases:
            parts = [(c.id, c.verbatim, c.parameters, c.inputs, c.expected) for c in self._golden.cases(kernel)]
            self._cases[kernel] = hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
        return self._cases[kernel]

    def _key(self, language: str, kernel: str | None, *more: str) -> str:
        """The name of what is kept about a kernel in a language: it changes with all that a verdict depends on."""
        family = CATALOGUE[kernel].family if kernel else None
        if (language, family) not in self._sources:
            self._sources[language, family] = Workspace(language).sources(family)
        fixtures = self._golden.digest if kernel is None else self._fixtures(kernel)
        parts = (language, kernel or "", self._sources[language, family], self._judges, fixtures, *more)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _sloppy(cell: Cell) -> bool:
    return any(name in (cell.message or "") for name in SLOPPY)


def _tested(workspace: Workspace, unit: Unit) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = workspace.test(unit.edit.tests, report)
        if done.returncode == 0:
            return _verdict(unit, "survived", message=f"{', '.join(unit.edit.tests)} see nothing")
        if done.returncode != 1:
            return _verdict(unit, "error", message=f"the tests do not run: {done.stdout[-2000:]}{done.stderr[-1000:]}")
        return _verdict(unit, "killed", [Kill(name, failed=True) for name in _failed(report)])


def _failed(report: Path) -> Iterator[str]:
    for case in ElementTree.parse(report).iter("testcase"):
        if any(child.tag in ("failure", "error") for child in case):
            yield f"{case.get('classname')}::{case.get('name')}"


def _verdict(unit: Unit, status: str, kills: Sequence[Kill] = (), message: str = "") -> Verdict:
    return Verdict(
        fault=unit.edit.fault, language=unit.edit.language, edit=unit.edit.name, kernel=unit.kernel,
        status=status, kills=list(kills), message=message,  # type: ignore[arg-type]
    )  # fmt: skip
