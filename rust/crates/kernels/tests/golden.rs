//! Every golden fixture against the checked kernels: bits or budget of each output, or the rejection.
//!
//! Fixtures are read from the project's `golden/`, or from the folder that `SPIKEMIRROR_GOLDEN` names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::Value;
use spikemirror_kernels::array::{Data, Input, Output, Parameter};
use spikemirror_kernels::checked::{KERNELS, Kernel, Kind, by_name};
use spikemirror_kernels::rejection::Failure;

type Result<T> = std::result::Result<T, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    format: u32,
    kernel: String,
    #[serde(rename = "family")]
    _family: String,
    #[serde(rename = "citation")]
    _citation: String,
    #[serde(rename = "emitter")]
    _emitter: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(rename = "why")]
    _why: String,
    #[serde(rename = "catches")]
    _catches: Vec<String>,
    verbatim: bool,
    parameters: BTreeMap<String, Value>,
    inputs: BTreeMap<String, Stored>,
    expected: BTreeMap<String, Expected>,
    #[serde(rename = "found", default)]
    _found: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    dtype: String,
    shape: Vec<usize>,
    bits: String,
    #[serde(rename = "values")]
    _values: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Expected {
    Outputs(BTreeMap<String, Wanted>),
    Rejection(Refused),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    code: String,
    argument: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    dtype: String,
    shape: Vec<usize>,
    policy: Policy,
    bits: String,
    #[serde(rename = "values")]
    _values: Value,
    budget: Option<Vec<f64>>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Policy {
    Bits,
    Budget,
}

/// Elements of an array that owns them.
enum Elements {
    F32(Vec<f32>),
    F64(Vec<f64>),
    U8(Vec<u8>),
    I32(Vec<i32>),
    U32(Vec<u32>),
    Other,
}

impl Elements {
    fn new(dtype: &str, words: &[u64]) -> Self {
        match dtype {
            "float32" => Self::F32(words.iter().map(|word| f32::from_bits(*word as u32)).collect()),
            "float64" => Self::F64(words.iter().map(|word| f64::from_bits(*word)).collect()),
            "uint8" => Self::U8(words.iter().map(|word| *word as u8).collect()),
            "int32" => Self::I32(words.iter().map(|word| *word as i32).collect()),
            "uint32" => Self::U32(words.iter().map(|word| *word as u32).collect()),
            _ => Self::Other,
        }
    }

    /// As many elements as there are words, each unlikely to be a result.
    fn poisoned(dtype: &str, words: usize) -> Self {
        let poison = if dtype == "uint8" { 0xa5 } else { 0x7ff7_dead_7fb7_dead };
        Self::new(dtype, &vec![poison; words])
    }

    fn in_real_dtype(self, dtype: &str) -> Self {
        match (self, dtype) {
            (Self::F32(elements), "float64") => Self::F64(elements.into_iter().map(f64::from).collect()),
            (Self::F64(elements), "float32") => Self::F32(elements.into_iter().map(|x| x as f32).collect()),
            (same, _) => same,
        }
    }

    fn data(&self) -> Data<'_> {
        match self {
            Self::F32(elements) => Data::F32(elements),
            Self::F64(elements) => Data::F64(elements),
            Self::U8(elements) => Data::U8(elements),
            Self::I32(elements) => Data::I32(elements),
            Self::U32(elements) => Data::U32(elements),
            Self::Other => Data::Other,
        }
    }

    fn output(&mut self) -> Output<'_> {
        match self {
            Self::F32(elements) => Output::F32(elements),
            Self::F64(elements) => Output::F64(elements),
            Self::U8(elements) => Output::U8(elements),
            Self::I32(elements) => Output::I32(elements),
            Self::U32(elements) => Output::U32(elements),
            Self::Other => Output::Other,
        }
    }

    /// Each element's bit pattern and value.
    fn bits_and_values(&self) -> Vec<(u64, f64)> {
        match self {
            Self::F32(elements) => elements
                .iter()
                .map(|x| (u64::from(x.to_bits()), f64::from(*x)))
                .collect(),
            Self::F64(elements) => elements.iter().map(|x| (x.to_bits(), *x)).collect(),
            Self::U8(elements) => elements.iter().map(|x| (u64::from(*x), f64::from(*x))).collect(),
            Self::I32(elements) => elements.iter().map(|x| (u64::from(*x as u32), f64::from(*x))).collect(),
            Self::U32(elements) => elements.iter().map(|x| (u64::from(*x), f64::from(*x))).collect(),
            Self::Other => Vec::new(),
        }
    }
}

/// The hexadecimal words of a dtype that kernels know; longer words, of other dtypes, count as 0.
fn words(bits: &str, dtype: &str, shape: &[usize]) -> Result<Vec<u64>> {
    let digits = match dtype {
        "uint8" => 2,
        "float32" | "int32" | "uint32" => 8,
        "float64" => 16,
        _ => 0,
    };
    let parse = |word: &str| match digits {
        0 => Ok(0),
        _ if word.len() == digits => u64::from_str_radix(word, 16).map_err(|error| format!("{word}: {error}")),
        _ => Err(format!("{word}: {dtype} has {digits} digits")),
    };
    let words = bits.split_whitespace().map(parse).collect::<Result<Vec<_>>>()?;
    let count = shape.iter().product::<usize>();
    if words.len() == count {
        Ok(words)
    } else {
        Err(format!("{} words for {count} elements", words.len()))
    }
}

fn parameter(kind: Kind, value: &Value) -> Result<Parameter> {
    let found = match kind {
        Kind::Real if value.is_null() => Some(Parameter::Absent),
        Kind::Real => match value.as_str() {
            Some("NaN") => Some(f64::NAN),
            Some("Infinity") => Some(f64::INFINITY),
            Some("-Infinity") => Some(f64::NEG_INFINITY),
            _ => value.as_f64(),
        }
        .map(Parameter::Real),
        Kind::Integer => value.as_i64().map(Parameter::Integer),
        Kind::Word => value.as_u64().map(Parameter::Word),
        Kind::Flag => value.as_bool().map(Parameter::Flag),
        Kind::Choice(options) => value.as_str().map(|name| {
            Parameter::Choice(
                options
                    .iter()
                    .position(|option| *option == name)
                    .map_or(-1, |place| place as i64),
            )
        }),
    };
    found.ok_or_else(|| format!("{value} is not of kind {kind:?}"))
}

/// The parameter `dtype` takes the one in which the case is run, unless it is an unknown name.
fn in_dtype<'a>(name: &str, stored: &'a Value, dtype: &'a Value) -> &'a Value {
    let known = name == "dtype" && matches!(stored.as_str(), Some("float32" | "float64"));
    if known { dtype } else { stored }
}

fn found<'a, T>(map: &'a BTreeMap<String, T>, name: &str) -> Result<&'a T> {
    map.get(name).ok_or_else(|| format!("{name} is missing"))
}

/// Runs one case in one dtype; gives the differences.
fn run(kernel: &Kernel, case: &Case, dtype: &str, expected: &Expected) -> Result<Vec<String>> {
    let stored = kernel
        .inputs
        .iter()
        .map(|name| found(&case.inputs, name))
        .collect::<Result<Vec<_>>>()?;
    let mut elements = Vec::new();
    for array in &stored {
        let native = Elements::new(&array.dtype, &words(&array.bits, &array.dtype, &array.shape)?);
        elements.push(if case.verbatim {
            native
        } else {
            native.in_real_dtype(dtype)
        });
    }
    let inputs = elements
        .iter()
        .zip(&stored)
        .map(|(e, array)| Input {
            data: e.data(),
            shape: &array.shape,
        })
        .collect::<Vec<_>>();
    let run_in = Value::from(dtype);
    let parameters = kernel
        .parameters
        .iter()
        .map(|(name, kind)| parameter(*kind, in_dtype(name, found(&case.parameters, name)?, &run_in)))
        .collect::<Result<Vec<_>>>()?;
    if case.inputs.len() != kernel.inputs.len() || case.parameters.len() != kernel.parameters.len() {
        return Err("the fixture has arguments that the kernel does not have".to_owned());
    }
    match expected {
        Expected::Rejection(refused) => {
            let mut outputs = kernel.outputs.iter().map(|_| Output::Other).collect::<Vec<_>>();
            let got = match (kernel.run)(&inputs, &parameters, &mut outputs) {
                Err(Failure::Rejected(rejection)) => {
                    let names = kernel
                        .inputs
                        .iter()
                        .chain(kernel.parameters.iter().map(|(name, _)| name));
                    let name = names.copied().nth(rejection.argument).unwrap_or("?");
                    format!("{} of {name}", rejection.code.name())
                }
                other => format!("{other:?}"),
            };
            let want = format!("{} of {}", refused.code, refused.argument);
            Ok(if got == want {
                Vec::new()
            } else {
                vec![format!("got {got} want {want}")]
            })
        }
        Expected::Outputs(wanted) => {
            let wanted = kernel
                .outputs
                .iter()
                .map(|name| found(wanted, name))
                .collect::<Result<Vec<_>>>()?;
            let mut got = Vec::new();
            for want in &wanted {
                got.push(Elements::poisoned(&want.dtype, want.shape.iter().product()));
            }
            let mut outputs = got.iter_mut().map(Elements::output).collect::<Vec<_>>();
            if let Err(failure) = (kernel.run)(&inputs, &parameters, &mut outputs) {
                return Ok(vec![format!("got {failure} want outputs")]);
            }
            let mut differences = Vec::new();
            for (name, (got, want)) in kernel.outputs.iter().zip(got.iter().zip(wanted)) {
                compare(name, got, want, &mut differences)?;
            }
            Ok(differences)
        }
    }
}

fn compare(name: &str, got: &Elements, wanted: &Wanted, differences: &mut Vec<String>) -> Result<()> {
    let want = Elements::new(&wanted.dtype, &words(&wanted.bits, &wanted.dtype, &wanted.shape)?);
    let pairs = got
        .bits_and_values()
        .into_iter()
        .zip(want.bits_and_values())
        .collect::<Vec<_>>();
    let budget = match (&wanted.budget, wanted.policy) {
        (None, Policy::Bits) => vec![0.0; pairs.len()],
        (Some(budget), Policy::Budget) if budget.len() == pairs.len() => budget.clone(),
        _ => return Err(format!("{name}: its budget does not fit")),
    };
    for (index, (((got_bits, got), (want_bits, want)), budget)) in pairs.into_iter().zip(budget).enumerate() {
        let good = match wanted.policy {
            Policy::Bits => got_bits == want_bits,
            Policy::Budget => got_bits == want_bits || (got.is_finite() && (got - want).abs() <= budget),
        };
        if !good {
            let used = (got - want).abs() / budget;
            differences.push(format!(
                "{name}[{index}] got {got:e} ({got_bits:#x}) want {want:e} ({want_bits:#x}) used {used:.3} of its budget"
            ));
        }
    }
    Ok(())
}

fn load(path: &Path) -> Result<Fixture> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let fixture: Fixture = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if fixture.format == 1 {
        Ok(fixture)
    } else {
        Err(format!("format {} is not known", fixture.format))
    }
}

/// The fixtures in a folder: every JSON file but the manifest.
fn fixtures(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string()))
        .collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "json") && !path.ends_with("MANIFEST.json"));
    paths.sort();
    Ok(paths)
}

fn main() -> ExitCode {
    let folder = std::env::var_os("SPIKEMIRROR_GOLDEN").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../golden"),
        PathBuf::from,
    );
    let (mut passed, mut failed) = (0_usize, 0_usize);
    let mut fail = |what: String| {
        println!("{what}");
        failed += 1;
    };
    let paths = fixtures(&folder).unwrap_or_else(|error| {
        fail(format!("{}: {error}", folder.display()));
        Vec::new()
    });
    let mut unseen = KERNELS.iter().map(|kernel| kernel.name).collect::<Vec<_>>();
    for path in &paths {
        let fixture = match load(path) {
            Ok(fixture) => fixture,
            Err(error) => {
                fail(format!("{}: {error}", path.display()));
                continue;
            }
        };
        let Some(kernel) = by_name(&fixture.kernel).filter(|k| path.file_stem().is_some_and(|stem| stem == k.name))
        else {
            fail(format!("{}: there is no kernel {}", path.display(), fixture.kernel));
            continue;
        };
        if !fixture.cases.is_empty() {
            unseen.retain(|name| *name != kernel.name);
        }
        for case in &fixture.cases {
            for (dtype, expected) in &case.expected {
                let differences = run(kernel, case, dtype, expected).unwrap_or_else(|error| vec![error]);
                if differences.is_empty() {
                    passed += 1;
                    continue;
                }
                fail(format!("{}/{} {dtype} {}", kernel.name, case.id, differences[0]));
                for difference in differences.iter().skip(1).take(9) {
                    println!("{}/{} {dtype} {difference}", kernel.name, case.id);
                }
                if differences.len() > 10 {
                    println!(
                        "{}/{} {dtype} ... {} differences",
                        kernel.name,
                        case.id,
                        differences.len()
                    );
                }
            }
        }
    }
    for name in unseen {
        fail(format!("{name}: no case in {}", folder.display()));
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
