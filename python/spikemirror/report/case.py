"""One case on one mirror, with all its numbers."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from spikemirror.catalogue.kernel import Kernel
from spikemirror.catalogue.rejection import Rejection
from spikemirror.golden.fixture import CaseRecord
from spikemirror.mirrors import Mirror, MirrorFault, Unsupported
from spikemirror.parity.compare import poison, same_refusal, ulps, used

SHOWN = 64


def show(console: Console, mirror: Mirror, kernel: Kernel, case: CaseRecord, dtype: str) -> bool:
    """Print the call and what came of it; whether it agrees with the fixture."""
    inputs, parameters = case.arguments(kernel, dtype)
    console.print(f"[bold]{kernel.name}/{case.id}[/bold] {dtype} on {mirror.name}: {case.why}", highlight=False)
    if case.catches:
        console.print(f"  catches: {', '.join(case.catches)}", highlight=False)
    for parameter, value in zip(kernel.parameters, parameters, strict=True):
        console.print(f"  {parameter.name} = {value!r}", highlight=False)
    with np.printoptions(threshold=SHOWN, edgeitems=3, linewidth=console.width - 4):
        for declared, array in zip(kernel.inputs, inputs, strict=True):
            console.print(f"  {declared.name} {array.dtype}{array.shape}", highlight=False)
            console.print("    " + str(array).replace("\n", "\n    "), highlight=False, markup=False)
    outputs = kernel.allocate(inputs, parameters)
    for output in outputs:
        poison(output)
    expected = case.expected[dtype]
    try:
        mirror.call(kernel, inputs, parameters, outputs)
    except Rejection as rejection:
        console.print(f"  refused: {rejection}", highlight=False, markup=False)
        due = expected.rejection
        good = same_refusal(rejection, due)
        if not good:
            what = f"{due.code} of {due.argument}" if due else "outputs"
            console.print(f"  [red]it must be: {what}", highlight=False)
        return good
    except Unsupported as unsupported:
        console.print(f"  not run: {unsupported}", style="yellow", highlight=False, markup=False)
        return True
    except MirrorFault as fault:
        console.print(f"  failed: {fault}", style="red", highlight=False, markup=False)
        return False
    if expected.outputs is None:
        assert expected.rejection is not None
        due = expected.rejection
        console.print(f"  [red]accepted; it must be refused: {due.code} of {due.argument}", highlight=False)
        return False
    good, computed = True, mirror.partial.get(kernel.name)
    for due_output, output in zip(kernel.outputs, outputs, strict=True):
        if computed is not None and due_output.name not in computed:
            console.print(f"  {due_output.name}: {mirror.name} does not compute it", style="yellow", highlight=False)
            continue
        record = expected.outputs[due_output.name]
        want = record.array()
        shares = used(output, want, record.budgets() if record.policy == "budget" else None)
        good &= bool((shares <= 1).all())
        worst = float(shares.max(initial=0.0))
        console.print(f"  {due_output.name} {output.dtype}{output.shape}, {record.policy}, worst share {worst:.3g}")
        table = Table("index", "got", "want", "ulp", "share of budget")
        order = np.argsort(-shares, axis=None, kind="stable")[:SHOWN]
        for flat in sorted(order):
            index = tuple(int(i) for i in np.unravel_index(flat, shares.shape))
            share = float(shares[index])
            numbers = (list(index), output[index], want[index], ulps(output[index], want[index]), f"{share:.3g}")
            table.add_row(*map(str, numbers), style="red" if share > 1 else None)
        console.print(table)
        if shares.size > SHOWN:
            console.print(f"  the worst {SHOWN} of {shares.size} elements")
    return good
