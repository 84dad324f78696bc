"""Every kernel over every golden fixture, through the functions that the library exports.

    mojo run -I mojo mojo/tests/golden.mojo

From the root of the project. SPIKEMIRROR_GOLDEN names another folder of fixtures, MOJO_PYTHON another Python than the
python3 on PATH; its standard library is enough.
"""

from std.memory import bitcast
from std.os import getenv
from std.python import Python, PythonObject
from std.sys import exit, size_of

from binding import CODES, SIGNATURES, call_by_name
from spikemirror.abi import Arrays, Nanoseconds, NDArray, Parameter, Parameters
from spikemirror.memory import Source, Target

comptime _POISON = UInt8(0xA5)


def main() raises:
    Python.import_module("sys").dont_write_bytecode = True
    Python.add_to_path("mojo/tests")
    var fixtures = Python.import_module("fixtures").Fixtures(
        getenv("SPIKEMIRROR_GOLDEN", "golden"),
        String(SIGNATURES),
        String(CODES),
    )
    var passed = 0
    var failed = 0
    for problem in fixtures.problems:
        print(String(py=problem))
        failed += 1
    for run in fixtures.runs:
        if passes(run):
            passed += 1
        else:
            failed += 1
    print(passed, "passed,", failed, "failed")
    if failed > 0:
        exit(1)


def passes(run: PythonObject) raises -> Bool:
    """Calls a kernel on poisoned outputs and prints what is wrong.

    Args:
        run: One case in one dtype.

    Returns:
        Whether nothing is.
    """
    for output in run.outputs:
        var size = Int(py=output.count) * bytes_of(String(py=output.dtype))
        var poisoned = Target[DType.uint8](address(output.got))
        var real = String(py=output.dtype).startswith("float")
        for i in range(size):
            # NaN: a small number would pass for a 0 that has a budget.
            poisoned[i] = UInt8(0xFF) if real else _POISON
    var status = call_by_name(
        String(py=run.kernel),
        Arrays(
            Pointer[NDArray, ImmUntrackedOrigin](
                unsafe_from_address=Int(py=run.inputs)
            )
        ),
        Parameters(
            Pointer[Parameter, ImmUntrackedOrigin](
                unsafe_from_address=Int(py=run.parameters)
            )
        ),
        Arrays(
            Pointer[NDArray, ImmUntrackedOrigin](
                unsafe_from_address=Int(py=run.arrays)
            )
        ),
        Nanoseconds(None),
        0,
    )
    var label = String(py=run.label)
    var wanted = Int32(Int(py=run.status))
    if status != wanted:
        print(
            label, " got ", outcome(status), " want ", outcome(wanted), sep=""
        )
        return False
    var good = True
    for output in run.outputs:
        var dtype = String(py=output.dtype)
        if dtype == "float32":
            good &= agrees[DType.float32, DType.uint32](label, output)
        elif dtype == "float64":
            good &= agrees[DType.float64, DType.uint64](label, output)
        elif dtype == "uint8":
            good &= agrees[DType.uint8, DType.uint8](label, output)
        elif dtype == "int32":
            good &= agrees[DType.int32, DType.uint32](label, output)
        else:
            good &= agrees[DType.uint32, DType.uint32](label, output)
    return good


def agrees[
    T: DType, Bits: DType
](label: String, output: PythonObject) raises -> Bool:
    """Compares one output, element by element, and prints where it is wrong.

    Parameters:
        T: Dtype of the output.
        Bits: Unsigned integers of the same size.

    Args:
        label: Name of the case.
        output: What was written and what should have been.

    Returns:
        Whether every element has the right bits or is inside its budget.
    """
    var got = Source[T](address(output.got))
    var want = Source[T](address(output.want))
    var within_budget = Int(py=output.budget) != 0
    var budgets = Source[DType.float64](address(output.budget))
    var good = True
    for i in range(Int(py=output.count)):
        var found = bitcast[Bits](got[i])
        var exact = bitcast[Bits](want[i])
        if found == exact:
            continue
        var share = String("bits differ")
        if within_budget:
            var error = abs(
                got[i].cast[DType.float64]() - want[i].cast[DType.float64]()
            )
            # False for NaN, and for an infinity beside a number.
            if error <= budgets[i]:
                continue
            share = String("used ", error / budgets[i], " of its budget")
        print(
            label,
            " ",
            String(py=output.name),
            "[",
            i,
            "] got ",
            got[i],
            " (",
            hex(found),
            ") want ",
            want[i],
            " (",
            hex(exact),
            ") ",
            share,
            sep="",
        )
        good = False
    return good


def outcome(status: Int32) -> String:
    """Spells out what a call returned.

    Args:
        status: The status.

    Returns:
        The text.
    """
    if status <= 0:
        return String("status ", status)
    return String("rejection ", status % 256, " of argument ", status // 256)


def bytes_of(dtype: String) raises -> Int:
    """The size of an element.

    Args:
        dtype: Name of its dtype.

    Returns:
        The number of bytes.

    Raises:
        Error: If no output has that dtype.
    """
    if dtype == "float64":
        return 8
    if dtype == "float32" or dtype == "uint32" or dtype == "int32":
        return 4
    if dtype == "uint8":
        return 1
    raise Error("no output has dtype ", dtype)


def address(number: PythonObject) raises -> UInt64:
    """An address that Python knows.

    Args:
        number: The address as a Python int.

    Returns:
        The address.

    Raises:
        Error: If it is not an int.
    """
    return UInt64(Int(py=number))
