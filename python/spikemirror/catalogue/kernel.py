"""What a kernel's declaration is made of: arrays with symbolic shapes, parameters with domains, outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Value: TypeAlias = float | int | bool | str | None
Dims: TypeAlias = Mapping[str, int]

MAX_RANK = 8
"""The most axes that an array may have in any language."""


class Holds(StrEnum):
    """What an array may hold, and so its dtypes and the check of its contents.

    Reals share the call's dtype and are finite; spikes (and masks) are uint8, 0 or 1; targets int32 in [0, below).
    """

    REAL = "real"
    SPIKES = "spikes"
    TARGETS = "targets"


class Policy(StrEnum):
    """How an output is compared: bit for bit, or each element inside its own error budget."""

    BITS = "bits"
    BUDGET = "budget"


class DType(Enum):
    """The dtypes that cross a binary interface, with their integer codes there."""

    float32 = 1
    float64 = 2
    uint8 = 3
    int32 = 4
    uint32 = 5

    @cached_property
    def numpy(self) -> np.dtype[np.generic]:
        """The NumPy dtype."""
        return np.dtype(self.name)


@dataclass(frozen=True, slots=True)
class Fill:
    """What a user may leave out: one value everywhere. A single number given in its place fills the array too."""

    value: float

    def __str__(self) -> str:
        return f"{self.value:g} everywhere"


@dataclass(frozen=True, slots=True)
class Linspace:
    """What a user may leave out: equally spaced numbers from 0 to 1."""

    def __str__(self) -> str:
        return "equally spaced from 0 to 1"


@dataclass(frozen=True)
class Input:
    """An input array.

    `shape` names its axes; equal names must have equal lengths. A last name that ends in `...` stands for one or more
    axes that the kernel sees as one, `*` for none or more. An axis named after an integer parameter has its length,
    which is checked after the parameters.
    """

    name: str
    holds: Holds
    shape: tuple[str, ...]
    doc: str
    below: str | int | None = None
    """For targets: the number of classes, as an axis, an integer parameter or a number."""
    sums_to_one: bool = False
    """Whether the elements must sum to 1 within 1e-4; else `bad_parameter`, found after the contents of all inputs."""
    default: Fill | Linspace | None = None
    """What the Python interface passes where a user gives nothing; kernels always get an array."""

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The axes as the kernel sees them."""
        return tuple(symbol.rstrip(".*") for symbol in self.shape)

    @cached_property
    def open_ended(self) -> bool:
        """Whether the last name stands for any number of axes."""
        return bool(self.shape) and self.shape[-1][-1] in ".*"

    @cached_property
    def min_rank(self) -> int:
        """The fewest axes that the array may have."""
        return len(self.shape) - (bool(self.shape) and self.shape[-1].endswith("*"))

    @cached_property
    def max_rank(self) -> int:
        """The most axes that the array may have; an encoder's output has one more."""
        return MAX_RANK - 1 if self.open_ended else len(self.shape)


@dataclass(frozen=True, slots=True)
class Domain:
    """An interval of finite numbers; an open end excludes its bound."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        return self.high is None or not (value > self.high or (self.high_open and value == self.high))

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "finite"
        if self.high is None:
            return f"finite and {'>' if self.low_open else '>='} {self.low:g}"
        left = "(-inf" if self.low is None else f"{'(' if self.low_open else '['}{self.low:g}"
        return f"in {left}, {self.high:g}{')' if self.high_open else ']'}"


FINITE = Domain()
POSITIVE = Domain(low=0, low_open=True)
NON_NEGATIVE = Domain(low=0)


@dataclass(frozen=True, slots=True)
class Real:
    """A real parameter: given in float64, rounded to the call's dtype, then held against its domain."""

    name: str
    default: float | None
    domain: Domain
    doc: str
    above: str | None = None
    """Name of an earlier parameter that this one must exceed."""
    at_least: str | None = None
    """Name of an earlier parameter below which this one may not be, where both are given."""
    optional: bool = False
    """Whether None is a value of its own: the kernel says what it means."""


@dataclass(frozen=True, slots=True)
class Integer:
    """A signed 64-bit parameter."""

    name: str
    default: int | None
    domain: Domain
    doc: str


@dataclass(frozen=True, slots=True)
class Word:
    """An unsigned 64-bit parameter; every value is in its domain."""

    name: str
    default: int | None
    doc: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch."""

    name: str
    default: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One name out of several; across a binary interface its place in `options`, or -1 for an unknown name."""

    name: str
    default: str
    options: tuple[str, ...]
    doc: str


Parameter: TypeAlias = Real | Integer | Word | Flag | Choice


@dataclass(frozen=True, slots=True)
class Output:
    """An output array. `dtype` None means the call's own.

    An axis may be named after an integer parameter, and be a product such as `2 x N`; an open-ended name stands for its
    axes, and for their product where it is written without its dots or in a product.
    """

    name: str
    shape: tuple[str, ...]
    policy: Policy
    doc: str
    dtype: DType | None = None
    budget_factor: float = 1.0
    """Documented widening of the derived budget; 1 unless the docstring of the reference argues otherwise."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call must at least do: bytes moved to and from memory, floating-point operations, elements produced."""

    bytes: float
    flops: float
    elements: float


@dataclass(frozen=True, slots=True)
class Size:
    """A bench size: lengths of the axes, and parameters that are not at their defaults."""

    dims: Dims
    parameters: Mapping[str, Value] = field(default_factory=dict)
    dtypes: tuple[DType, ...] = ()
    """Only these dtypes; all of the kernel's by default."""
    memory: bool = False
    """A large size, for full runs only, of which the peak of the extra memory is measured too."""

    def __str__(self) -> str:
        return ",".join(f"{name}={length}" for name, length in self.dims.items())


@dataclass(frozen=True, slots=True)
class Convolved:
    """An axis whose length follows from a convolution; it is checked after stride, padding and dilation."""

    symbol: str
    source: str
    window: str

    def length(self, dims: Dims) -> int:
        """floor((source + 2 padding - dilation (window - 1) - 1) / stride) + 1, and not below 0."""
        reach = dims[self.source] + 2 * dims["padding"] - dims["dilation"] * (dims[self.window] - 1) - 1
        return max(reach // dims["stride"] + 1, 0)


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """One kernel, declared once; fixtures, bindings, stubs, documentation and benches follow from it."""

    name: str
    family: str
    summary: str
    formula: str
    source: str
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    cost: Callable[[Dims, int], Cost]
    """From the lengths of all axes and the size of the call's dtype in bytes."""
    bench: tuple[Size, ...]
    at_least: Mapping[str, int] = field(default_factory=dict)
    """Axes that must have some length."""
    convolved: tuple[Convolved, ...] = ()
    dtypes: tuple[DType, ...] = (DType.float32, DType.float64)
    """The call's dtypes: of its real arrays; where there are none, the parameter `dtype` or the only one there is."""
    transcendental: Callable[[Mapping[str, Value]], bool] = lambda _: False
    """Whether a decision is taken on a rounded transcendental, so that fixtures must keep their margin."""

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """Names of inputs and parameters, in signature order."""
        return tuple(a.name for a in (*self.inputs, *self.parameters))

    @cached_property
    def first_real(self) -> int | None:
        """Place of the input whose dtype is the call's; None where no input is real."""
        return next((i for i, declared in enumerate(self.inputs) if declared.holds is Holds.REAL), None)

    @property
    def has_real(self) -> bool:
        """Whether the call's dtype is that of its real inputs."""
        return self.first_real is not None

    @cached_property
    def sources(self) -> dict[str, tuple[int, int]]:
        """Where each axis is seen first: place of the input, and of the axis in it."""
        found: dict[str, tuple[int, int]] = {}
        for place, declared in enumerate(self.inputs):
            for axis, symbol in enumerate(declared.symbols):
                found.setdefault(symbol, (place, axis))
        return found

    def dims(self, shapes: Sequence[tuple[int, ...]], parameters: Sequence[Value]) -> dict[str, int]:
        """Lengths of the axes that well-shaped inputs have; integer parameters lend theirs too."""
        dims: dict[str, int] = {}
        for symbol, (place, axis) in self.sources.items():
            last = self.inputs[place].open_ended and axis == len(self.inputs[place].shape) - 1
            dims[symbol] = math.prod(shapes[place][axis:]) if last else shapes[place][axis]
        for parameter, value in zip(self.parameters, parameters, strict=True):
            if isinstance(parameter, Integer):
                dims[parameter.name] = int(value or 0)
        return dims

    @cached_property
    def dtype_parameter(self) -> int | None:
        """Place of the parameter `dtype`, which kernels without real inputs have."""
        return next((i for i, p in enumerate(self.parameters) if p.name == "dtype"), None)

    def call_dtype(self, inputs: Sequence[Array], parameters: Sequence[Value]) -> np.dtype[np.generic]:
        """The dtype of the first real input; else that of the parameter `dtype`, or the only one there is."""
        if self.first_real is not None:
            return inputs[self.first_real].dtype
        if self.dtype_parameter is not None and parameters[self.dtype_parameter] in DType.__members__:
            return DType[str(parameters[self.dtype_parameter])].numpy
        return self.dtypes[-1].numpy

    @cached_property
    def _output_axes(self) -> list[list[tuple[tuple[int, slice | int], ...]]]:
        """For each output axis its factors: an input and a part of its shape; -1 and a parameter; -2 and a number."""
        lengths = {p.name: (-1, i) for i, p in enumerate(self.parameters) if isinstance(p, Integer)}

        def factor(symbol: str) -> tuple[int, slice | int]:
            if symbol.isdigit():
                return -2, int(symbol)
            name = symbol.rstrip(".*")
            if name in lengths:
                return lengths[name]
            place, axis = self.sources[name]
            open_ended = self.inputs[place].shape[axis] != name
            return place, slice(axis, None if open_ended else axis + 1)

        return [[tuple(map(factor, axis.split(" x "))) for axis in output.shape] for output in self.outputs]

    def output_shapes(self, inputs: Sequence[Array], parameters: Sequence[Value]) -> list[tuple[int, ...]]:
        """Shapes of the outputs; for a call that will be refused, some shapes."""
        shapes = []
        for output, axes in zip(self.outputs, self._output_axes, strict=True):
            shape: list[int] = []
            for symbol, factors in zip(output.shape, axes, strict=True):
                lengths: list[int] = []
                for place, part in factors:
                    if isinstance(part, slice):
                        lengths += inputs[place].shape[part]
                    else:
                        lengths.append(part if place == -2 else max(int(parameters[part] or 0), 0))
                shape += lengths if symbol[-1] in ".*" else (math.prod(lengths),)
            shapes.append(tuple(shape))
        return shapes

    @cached_property
    def _dtypes(self) -> frozenset[np.dtype[np.generic]]:
        return frozenset(d.numpy for d in self.dtypes)

    def takes(self, dtype: np.dtype[np.generic]) -> bool:
        """Whether it is a dtype of the kernel."""
        return dtype in self._dtypes

    def allocate(self, inputs: Sequence[Array], parameters: Sequence[Value]) -> list[Array]:
        """Fresh, uninitialised outputs of the right shapes and dtypes, also for a call that will be refused."""
        dtype = self.call_dtype(inputs, parameters)
        if not self.takes(dtype):
            dtype = self.dtypes[-1].numpy
        return [
            np.empty(shape, output.dtype.numpy if output.dtype else dtype)
            for output, shape in zip(self.outputs, self.output_shapes(inputs, parameters), strict=True)
        ]
