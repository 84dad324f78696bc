# A round trip through the worker process, over stdin and stdout and over descriptors of its own.

module WorkerProcess

# Of a test, compiling takes longer than running.
Base.Experimental.@optlevel 0

using ..SpikeMirror: SpikeMirror, base64_decode, base64_encode, read_json
using ..Tally: check, section

const SCRIPT = joinpath(@__DIR__, "..", "worker.jl")

function exchange(input::IO, output::IO, request::String)
    println(input, request)
    flush(input)
    return read_json(readline(output))
end

encoded(data) = String(base64_encode(collect(reinterpret(UInt8, data))))
inline(dtype, shape, data) = """{"dtype":"$dtype","shape":[$shape],"data":"$(encoded(data))"}"""
in_file(dtype, shape, path, offset) = """{"dtype":"$dtype","shape":[$shape],"file":$(repr(path)),"offset":$offset}"""
slot(dtype, shape) = """{"dtype":"$dtype","shape":[$shape]}"""

negative(id, weights, pre, post, updated; type = "call", lr = "0.5", more = "") =
    """{"type":"$type","id":$id,"kernel":"csdp_negative","parameters":{"lr":$lr},"inputs":{"weights":$weights,""" *
    """"pre_spikes":$pre,"post_spikes":$post},"outputs":{"weights":$updated}$more}"""

is_error(reply, id) = reply["type"] == "error" && reply["id"] === id && reply["message"] isa String
is_rejection(reply, code, argument) =
    reply["type"] == "rejection" && reply["code"] == code && reply["argument"] == argument

function conversation(ask::Function)
    reply = ask("""{"type":"hello","version":1}""")
    check(reply["type"] == "hello" && reply["version"] == 1 && reply["name"] == "julia", "worker says hello")
    check(reply["kernels"] == [k.name for k in SpikeMirror.KERNELS], "worker lists its kernels")
    check(reply["versions"]["julia"] == string(VERSION), "worker names its version")
    check(is_error(ask("""{"type":"hello","version":2}"""), nothing), "worker refuses another version")

    weights = inline("float32", "3,2", Float32[1, 4, 2, 5, 3, 6])
    pre, post = inline("uint8", "2", UInt8[1, 0]), inline("uint8", "3", UInt8[0, 1, 1])
    updated = slot("float32", "3,2")
    want = Float32[1, 4, 1.5, 5, 2.5, 6]
    reply = ask(negative(7, weights, pre, post, updated))
    check(reply["type"] == "result" && reply["id"] == 7, "worker calls", ": ", reply)
    got = reply["outputs"]["weights"]
    check(reinterpret(Float32, base64_decode(got["data"])) == want, "worker returns an inline array")
    check(got["dtype"] == "float32" && got["shape"] == [3, 2], "worker describes an inline array")

    reply = ask(negative(8, weights, pre, post, updated; type = "time", more = ""","repeats":5"""))
    check(reply["type"] == "times" && length(reply["nanoseconds"]) == 5, "worker times", ": ", reply)
    check(all(n -> n isa Int64 && n >= 0, reply["nanoseconds"]), "worker's times")
    check(reinterpret(Float32, base64_decode(reply["outputs"]["weights"]["data"])) == want, "worker times and returns")

    mktempdir() do folder
        path = joinpath(folder, "arrays")
        write(path, Float32[9, 9, 1, 4, 2, 5, 3, 6, 0, 0, 0, 0, 0, 0])
        mapped, place = in_file("float32", "3,2", path, 8), in_file("float32", "3,2", path, 32)
        reply = ask(negative(9, mapped, pre, post, place))
        check(reply["type"] == "result" && reply["outputs"]["weights"] == read_json(place), "worker echoes a slot")
        check(reinterpret(Float32, read(path))[9:14] == want, "worker writes to a file")
        write(path, zeros(Float32, 16))
        reply = ask(negative(10, mapped, pre, post, updated))
        got = reinterpret(Float32, base64_decode(reply["outputs"]["weights"]["data"]))
        check(got == Float32[0, 0, -0.5, 0, -0.5, 0], "worker maps a resized file again", ": ", got)
        for (why, array) in [
            "out of range" => in_file("float32", "3,2", path, 48),
            "negative offset" => in_file("float32", "3,2", path, -4),
            "misaligned" => in_file("float32", "3,2", path, 2),
            "no such file" => in_file("float32", "3,2", joinpath(folder, "none"), 0),
            "unknown dtype" => inline("float33", "3,2", zeros(Float32, 6)),
            "too little data" => inline("float32", "3,2", zeros(Float32, 5)),
            "no base64" => """{"dtype":"float32","shape":[3,2],"data":"?"}""",
            "negative length" => inline("float32", "3,-2", zeros(Float32, 6)),
            "huge" => slot("float32", "4294967296,4294967296"),
        ]
            check(is_error(ask(negative(11, array, pre, post, updated)), 11), "worker: input $why")
        end
        beyond = in_file("float32", "3,2", path, 48)
        check(is_error(ask(negative(12, weights, pre, post, beyond)), 12), "worker: output out of range")
    end

    check(is_rejection(ask(negative(13, weights, post, post, updated)), "bad_shape", "pre_spikes"), "worker rejects")
    reply = ask(negative(14, weights, pre, post, updated; lr = "\"NaN\""))
    check(is_rejection(reply, "bad_parameter", "lr"), "worker takes NaN for a parameter")
    other = slot("complex128", "3,2")
    check(is_rejection(ask(negative(15, other, pre, post, updated)), "bad_dtype", "weights"), "worker: other dtype")
    check(is_error(ask(negative(16, weights, pre, post, slot("float32", "5"))), 16), "worker: short output")
    check(is_error(ask(negative(17, weights, pre, post, updated; lr = "\"x\"")), 17), "worker: parameter of wrong type")
    reply = ask(negative(18, weights, pre, post, updated; lr = "1,\"decay\":0"))
    check(is_error(reply, 18), "worker: unknown parameter")
    reply = ask(negative(18, weights, pre, post, updated; lr = "null"))
    check(is_error(reply, 18), "worker: parameter that must be given")
    delta(theta_off) =
        """{"type":"call","id":24,"kernel":"encode_delta","parameters":{"theta_on":0.5,"theta_off":$theta_off},""" *
        """"inputs":{"x":$(inline("float64", "1,2,1", [1.0, 0.25])),"previous":$(inline("float64", "1,1", [0.0]))},""" *
        """"outputs":{"spikes":$(slot("uint8", "1,2,2")),"previous":$(slot("float64", "1,1"))}}"""
    for (theta_off, want) in ("null" => UInt8[1, 0, 0, 1], "1" => UInt8[1, 0, 0, 0])
        reply = ask(delta(theta_off))
        got = reply["type"] == "result" ? base64_decode(reply["outputs"]["spikes"]["data"]) : reply
        check(got == want, "worker takes null for an optional parameter", ": ", got)
    end
    check(is_error(ask("""{"type":"call","id":19,"kernel":"none"}"""), 19), "worker: unknown kernel")
    check(is_error(ask("""{"type":"call","id":20}"""), 20), "worker: missing members")
    check(is_error(ask("""{"type":"dance","id":21}"""), 21), "worker: unknown type")
    check(is_error(ask("""{"type":"call","id":22"""), nothing), "worker: broken line")
    check(is_error(ask(""), nothing), "worker: empty line")
    check(is_error(ask("[]"), nothing), "worker: no object")
    words(n) =
        """{"type":"call","id":23,"kernel":"philox_words","parameters":{"seed":18446744073709551615,"stream":0,""" *
        """"offset":0,"n":$n},"inputs":{},"outputs":{"words":$(slot("uint32", max(n, 0)))}}"""
    reply = ask(words(3))
    check(reply["type"] == "result", "worker takes words of 64 bits", ": ", reply)
    check(is_rejection(ask(words(-1)), "bad_parameter", "n"), "worker rejects an integer")
    check(is_error(ask(words(Int64(10)^17)), 23), "worker survives a lack of memory")
end

"Start two workers, which get ready while other checks run: over stdin and stdout, and over descriptors of its own."
function start()
    worker = `$(Base.julia_cmd()) --startup-file=no $SCRIPT`
    # A shell hands descriptors 3 and 4 on; its own stdin and stdout are then not the protocol's.
    shell = """exec 3<&0 4>&1 0</dev/null 1>/dev/null; exec "\$@" 3 4"""
    return open(worker, "r+"), open(`sh -c $shell sh $worker`, "r+")
end

function over_stdio(process)
    conversation(request -> exchange(process, process, request))
    println(process, """{"type":"bye"}""")
    wait(process)
    check(success(process), "worker ends after bye")
end

function over_descriptors(process)
    reply = exchange(process, process, """{"type":"hello","version":1}""")
    check(reply["type"] == "hello", "worker speaks over descriptors")
    close(process.in)
    wait(process)
    check(success(process), "worker ends with its input")
end

function run((stdio, descriptors))
    section(() -> over_stdio(stdio), "worker over stdin and stdout")
    section(() -> over_descriptors(descriptors), "worker over descriptors")
end

end
