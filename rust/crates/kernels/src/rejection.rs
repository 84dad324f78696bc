//! Why a kernel refuses a call.

use std::fmt;

/// Why an input is refused: the same code in every language, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// A dtype that the kernel does not take.
    BadDtype = 1,
    /// The wrong number of dimensions.
    BadRank = 2,
    /// Lengths that must agree do not, or one that must be positive is 0.
    BadShape = 3,
    /// An unknown name.
    BadChoice = 4,
    /// A parameter outside its domain.
    BadParameter = 5,
    /// NaN or Inf in an input array.
    NonFinite = 6,
    /// A spike array that holds something other than 0 and 1.
    BadSpikes = 7,
    /// A class index out of range.
    BadTarget = 8,
}

impl Code {
    /// The name that is common to all languages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadDtype => "bad_dtype",
            Self::BadRank => "bad_rank",
            Self::BadShape => "bad_shape",
            Self::BadChoice => "bad_choice",
            Self::BadParameter => "bad_parameter",
            Self::NonFinite => "non_finite",
            Self::BadSpikes => "bad_spikes",
            Self::BadTarget => "bad_target",
        }
    }
}

/// A refused input: the code, and the argument at fault by its place among inputs and then parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub code: Code,
    /// Which argument, counted from 0.
    pub argument: usize,
}

impl Rejection {
    /// Code and argument as one number, `code + 256 argument`: how a rejection crosses a binary interface.
    pub const fn number(self) -> i32 {
        self.code as i32 + 256 * self.argument as i32
    }
}

/// Why a checked call did not compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The kernel refuses an input.
    Rejected(Rejection),
    /// The output at this place has the wrong dtype or number of elements.
    WrongOutput(usize),
    /// The call does not have the kernel's number of arrays and its kinds of parameters.
    WrongSignature,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(Rejection { code, argument }) => write!(f, "{}: argument {argument}", code.name()),
            Self::WrongOutput(place) => write!(f, "output {place} has the wrong dtype or number of elements"),
            Self::WrongSignature => f.write_str("the number of arrays or the kinds of parameters are not the kernel's"),
        }
    }
}

impl std::error::Error for Failure {}
