# The local check of the Julia mirror: units, the worker process, and every fixture, both dtypes.
#
#   julia --startup-file=no --project=julia julia/test/runtests.jl
#
# Fixtures are those of ../../golden, or of the folder that SPIKEMIRROR_GOLDEN names. Every failure is one line; the
# last line is the verdict.

include(joinpath(@__DIR__, "..", "src", "SpikeMirror.jl"))

module Tally

const PASSED = Ref(0)
const FAILED = Ref(0)

"Count one check; print what failed."
function check(passed::Bool, name, details...)
    if passed
        PASSED[] += 1
    else
        FAILED[] += 1
        println("FAIL ", name, details...)
    end
    return passed
end

"Run checks that belong together; what they throw is a failure."
function section(body, name)
    try
        body()
    catch error
        check(false, name, ": ", sprint(showerror, error, catch_backtrace()))
    end
end

end

include("units.jl")
include("worker.jl")
include("fixtures.jl")

workers = WorkerProcess.start()
Units.run()
WorkerProcess.run(workers)
Fixtures.run(get(ENV, "SPIKEMIRROR_GOLDEN", joinpath(@__DIR__, "..", "..", "golden")))

println(Tally.PASSED[], " passed, ", Tally.FAILED[], " failed")
exit(Tally.FAILED[] == 0 ? 0 : 1)
