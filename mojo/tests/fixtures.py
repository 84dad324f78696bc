"""Reads golden fixtures for the Mojo tests, and lays them out as C structs."""

from __future__ import annotations

import json
import struct
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TYPECODES = {
    "float32": "f",
    "float64": "d",
    "uint8": "B",
    "int32": "i",
    "uint32": "I",
}
REALS = ("float32", "float64")
MAX_RANK = 8

Told = dict[str, Any]


@dataclass
class Output:
    """Where a call writes and what it should; budget 0 asks for the bits."""

    name: str
    dtype: str
    count: int
    got: int
    want: int
    budget: int


@dataclass
class Run:
    """One case in one dtype: addresses of C structs, which `memory` holds."""

    kernel: str
    label: str
    status: int
    inputs: int
    parameters: int
    arrays: int
    outputs: list[Output]
    memory: Memory


class Signature:
    """The arguments of one kernel, from its line in the binding."""

    def __init__(self, line: str) -> None:
        parts = [part.split() for part in line.split("|")]
        self.name = parts[0][0]
        self.inputs = parts[1]
        self.parameters = [told.split(":") for told in parts[2]]
        self.outputs = parts[3]

    @property
    def arguments(self) -> list[str]:
        return self.inputs + [told[0] for told in self.parameters]


class Memory:
    """Arrays that stay where they are as long as this lives."""

    def __init__(self) -> None:
        self.arrays: list[array[Any]] = []

    def keep(self, data: array[Any]) -> int:
        """The address of a copy, which ends where its elements do, so that a sanitizer sees who reads on."""
        self.arrays.append(data[:])
        return self.arrays[-1].buffer_info()[0]


class Fixtures:
    """All runs of all kernels; `problems` says what is missing or unknown."""

    def __init__(self, folder: str, signatures: str, codes: str) -> None:
        pairs = [pair.split(":") for pair in codes.split()]
        self.codes = {name: int(code) for name, code in pairs}
        self.problems: list[str] = []
        self.runs: list[Run] = []
        paths = sorted(Path(folder).glob("*.json"))
        files = {p.stem: p for p in paths if p.name != "MANIFEST.json"}
        if not files:
            self.problems.append(f"no fixtures in {folder}")
        for line in signatures.strip().splitlines():
            signature = Signature(line)
            path = files.pop(signature.name, None)
            if path is None:
                self.problems.append(f"{signature.name}: no fixture")
                continue
            for case in json.loads(path.read_text())["cases"]:
                for dtype in case["expected"]:
                    self.runs.append(self.run(signature, case, dtype))
        for name in files:
            self.problems.append(f"{name}: a fixture of an unknown kernel")

    def run(self, signature: Signature, case: Told, dtype: str) -> Run:
        """One case in one dtype."""
        memory = Memory()
        inputs = b""
        for name in signature.inputs:
            data, stored = elements(case["inputs"][name])
            if not case["verbatim"] and stored in REALS and dtype in REALS:
                data, stored = array(TYPECODES[dtype], data), dtype
            shape = case["inputs"][name]["shape"]
            inputs += self.struct(stored, shape, memory.keep(data))
        parameters = b""
        for name, *kind in signature.parameters:
            value = case["parameters"][name]
            if name == "dtype" and value in REALS:
                value = dtype
            parameters += parameter(value, kind)
        status = 0
        outputs: list[Output] = []
        arrays = b""
        expected = case["expected"][dtype]
        if "rejection" in expected:
            code = self.codes[expected["rejection"]["code"]]
            fault = expected["rejection"]["argument"]
            status = code + 256 * signature.arguments.index(fault)
            arrays = self.struct("", [0], 0) * len(signature.outputs)
        else:
            for name in signature.outputs:
                told = expected["outputs"][name]
                output = result(name, told, memory)
                outputs.append(output)
                arrays += self.struct(output.dtype, told["shape"], output.got)
        return Run(
            kernel=signature.name,
            label=f"{signature.name}/{case['id']} {dtype}",
            status=status,
            inputs=memory.keep(array("B", inputs)),
            parameters=memory.keep(array("B", parameters)),
            arrays=memory.keep(array("B", arrays)),
            outputs=outputs,
            memory=memory,
        )

    def struct(self, dtype: str, shape: list[int], address: int) -> bytes:
        """C `spikemirror_array`."""
        code = self.codes.get(dtype, 0)
        lengths = (shape + [0] * MAX_RANK)[:MAX_RANK]
        return struct.pack("<Qii8q", address, code, len(shape), *lengths)


def parameter(value: Any, kind: list[str]) -> bytes:
    """C `spikemirror_parameter`; `kind` is its name and, if any, options."""
    if value is None:
        return struct.pack("<qq", 0, 0)
    match kind:
        case ["real"]:
            return struct.pack("<dq", float(value), 1)
        case ["integer" | "flag"]:
            return struct.pack("<qq", value, 1)
        case ["word"]:
            return struct.pack("<Qq", value, 1)
        case ["choice", names]:
            options = names.split(",")
            place = options.index(value) if value in options else -1
            return struct.pack("<qq", place, 1)
    raise ValueError(f"no such kind of parameter: {kind}")


def result(name: str, told: Told, memory: Memory) -> Output:
    """An output with room for what is got, beside what is wanted."""
    want, dtype = elements(told)
    budget = 0
    if told["policy"] == "budget":
        budget = memory.keep(array("d", told["budget"]))
    return Output(
        name=name,
        dtype=dtype,
        count=len(want),
        got=memory.keep(want),
        want=memory.keep(want),
        budget=budget,
    )


def elements(told: Told) -> tuple[array[Any], str]:
    """The elements of an array and their dtype; bytes if no kernel takes it."""
    data = array(TYPECODES.get(told["dtype"], "B"))
    data.frombytes(bytes.fromhex(told["bits"]))
    data.byteswap()
    return data, told["dtype"]
