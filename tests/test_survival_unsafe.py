"""Unsafe Rust stands in named files, each with its reason; everywhere else the compiler denies it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

REASONS = {
    "kernels/src/product.rs": "the matrix multiplication takes pointers",
    "kernels/src/raw.rs": "arrays of other languages are addresses",
    "kernels/src/threads.rs": "a pool lives as long as the process, without a lock that a fork could copy",
    "c/src/abi.rs": "C passes pointers",
    "c/src/exports.rs": "generated: C calls by name, with pointers",
    "python/src/array.rs": "NumPy's own structs tell where an array lies, and whether it may be written to",
}
NO_CODE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|#!?\[(?:allow|deny|forbid)\([^\]]*\)\]')


def without_comments(path: Path) -> str:
    return NO_CODE.sub("", path.read_text())


def test_unsafe_stands_where_it_has_a_reason(project: Path) -> None:
    crates = project / "rust" / "crates"
    found = {
        str(path.relative_to(crates))
        for path in crates.rglob("*.rs")
        if re.search(r"\bunsafe\b", without_comments(path))
    }
    assert found == REASONS.keys()


def test_the_compiler_denies_it_elsewhere(project: Path) -> None:
    rust = project / "rust"
    lints = tomllib.loads((rust / "Cargo.toml").read_text())["workspace"]["lints"]
    assert lints["rust"]["unsafe_code"] == "deny"
    assert lints["rust"]["unsafe_op_in_unsafe_fn"] == "deny"
    assert lints["clippy"]["undocumented_unsafe_blocks"] == "deny"
    for manifest in (rust / "crates").glob("*/Cargo.toml"):
        assert tomllib.loads(manifest.read_text())["lints"] == {"workspace": True}
    allowing = {p for p in (rust / "crates").rglob("*.rs") if "allow(unsafe_code)" in p.read_text()}
    whole_crates = {rust / "crates" / "c" / "src" / "lib.rs"}
    assert allowing - whole_crates == {rust / "crates" / name for name in REASONS if not name.startswith("c/")}
