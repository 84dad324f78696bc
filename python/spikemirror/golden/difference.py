"""What a fresh emission would change, told case by case."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spikemirror.golden.emit import MANIFEST


def differences(folder: Path, fresh: Mapping[str, str]) -> Iterator[str]:
    """One line for each case that is new, gone or different, and for files that have no kernel."""
    for name in sorted({p.name for p in folder.glob("*.json")} - set(fresh)):
        yield f"{name}: no kernel has this file"
    for name, text in fresh.items():
        if name == MANIFEST:
            continue
        path = folder / name
        if not path.exists():
            yield f"{name}: new"
            continue
        try:
            old = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            yield f"{name}: not JSON ({error})"
            continue
        new = json.loads(text)
        yield from (
            f"{name}: {key} was {old.get(key)!r}, would be {value!r}"
            for key, value in new.items()
            if key != "cases" and old.get(key) != value
        )
        yield from _cases(name, _by_id(old), _by_id(new))


def _cases(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name}: case {identifier} would go" for identifier in old if identifier not in new)
    for identifier, case in new.items():
        if identifier not in old:
            yield f"{name}: case {identifier} would be new"
        elif case != old[identifier]:
            where = ", ".join(_places(old[identifier], case, ""))
            yield f"{name}: case {identifier} would change in {where}"


def _by_id(document: dict[str, Any]) -> dict[str, Any]:
    return {case["id"]: case for case in document.get("cases", [])}


def _places(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key):
                yield from _places(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    else:
        yield path
