//! Arrays and parameters as they come from outside, before anything is known about them.

use crate::rejection::Failure;

/// What the elements of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DType {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Unsigned byte.
    U8,
    /// Signed 32-bit integer.
    I32,
    /// Unsigned 32-bit integer.
    U32,
    /// Anything else.
    Other,
}

impl DType {
    /// A real parameter as an array of this dtype would hold it.
    pub fn rounded(self, value: f64) -> f64 {
        if self == Self::F32 {
            f64::from(value as f32)
        } else {
            value
        }
    }
}

/// The elements of an input in C order, by dtype.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit floats.
    F64(&'a [f64]),
    /// Unsigned bytes.
    U8(&'a [u8]),
    /// Signed 32-bit integers.
    I32(&'a [i32]),
    /// Unsigned 32-bit integers.
    U32(&'a [u32]),
    /// Elements that no kernel takes.
    Other,
}

/// An input array.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Its elements, as many as the product of `shape`.
    pub data: Data<'a>,
    /// The lengths of its axes.
    pub shape: &'a [usize],
}

impl<'a> Input<'a> {
    /// What its elements are.
    pub fn dtype(&self) -> DType {
        match self.data {
            Data::F32(_) => DType::F32,
            Data::F64(_) => DType::F64,
            Data::U8(_) => DType::U8,
            Data::I32(_) => DType::I32,
            Data::U32(_) => DType::U32,
            Data::Other => DType::Other,
        }
    }

    /// One axis, as the list of its one length.
    pub fn axis(&self, index: usize) -> &'a [usize] {
        &self.shape[index..=index]
    }

    /// All axes from `index` on.
    pub fn axes_from(&self, index: usize) -> &'a [usize] {
        &self.shape[index..]
    }

    /// The elements, if they are of type `E`.
    pub fn elements<E: Element>(&self) -> Result<&'a [E], Failure> {
        E::read(self.data).ok_or(Failure::WrongSignature)
    }
}

/// The elements of an output in C order, by dtype.
#[derive(Debug)]
pub enum Output<'a> {
    /// 32-bit floats.
    F32(&'a mut [f32]),
    /// 64-bit floats.
    F64(&'a mut [f64]),
    /// Unsigned bytes.
    U8(&'a mut [u8]),
    /// Signed 32-bit integers.
    I32(&'a mut [i32]),
    /// Unsigned 32-bit integers.
    U32(&'a mut [u32]),
    /// Elements that no kernel writes.
    Other,
}

impl Output<'_> {
    /// The elements, if they are of type `E` and as many as the product of `lengths`; `place` is that of the output.
    pub fn elements<E: Element>(&mut self, place: usize, lengths: &[usize]) -> Result<&mut [E], Failure> {
        let count = lengths
            .iter()
            .try_fold(1_usize, |count, length| count.checked_mul(*length));
        E::write(self)
            .filter(|elements| Some(elements.len()) == count)
            .ok_or(Failure::WrongOutput(place))
    }

    /// The only element of an output without axes.
    pub fn element<E: Element>(&mut self, place: usize) -> Result<&mut E, Failure> {
        match self.elements(place, &[])? {
            [element] => Ok(element),
            _ => Err(Failure::WrongOutput(place)),
        }
    }
}

/// A type that arrays may have.
pub trait Element: Copy + Send + Sync + 'static {
    /// The elements of an input, if they are of this type.
    fn read(data: Data<'_>) -> Option<&[Self]>;

    /// The elements of an output, if they are of this type.
    fn write<'a>(output: &'a mut Output<'_>) -> Option<&'a mut [Self]>;
}

macro_rules! element {
    ($($type:ty => $variant:ident),*) => {$(
        impl Element for $type {
            fn read(data: Data<'_>) -> Option<&[Self]> {
                if let Data::$variant(elements) = data { Some(elements) } else { None }
            }

            fn write<'a>(output: &'a mut Output<'_>) -> Option<&'a mut [Self]> {
                if let Output::$variant(elements) = output { Some(elements) } else { None }
            }
        }
    )*};
}

element!(f32 => F32, f64 => F64, u8 => U8, i32 => I32, u32 => U32);

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parameter {
    /// A real number, not yet rounded to the call's dtype.
    Real(f64),
    /// A signed integer.
    Integer(i64),
    /// An unsigned integer of which every value is good.
    Word(u64),
    /// A switch.
    Flag(bool),
    /// The place of a name among the options, or -1 for an unknown name.
    Choice(i64),
    /// Nothing, where a kernel has a meaning for it.
    Absent,
}

macro_rules! parameter {
    ($($(#[$doc:meta])* $method:ident: $variant:ident($type:ty)),*) => {$(
        $(#[$doc])*
        pub fn $method(self) -> Result<$type, Failure> {
            if let Self::$variant(value) = self { Ok(value) } else { Err(Failure::WrongSignature) }
        }
    )*};
}

impl Parameter {
    /// Its value, if it is a real number or absent.
    pub fn optional_real(self) -> Result<Option<f64>, Failure> {
        if self == Self::Absent {
            Ok(None)
        } else {
            self.real().map(Some)
        }
    }

    parameter! {
        /// Its value, if it is a real number.
        real: Real(f64),
        /// Its value, if it is a signed integer.
        integer: Integer(i64),
        /// Its value, if it is an unsigned integer.
        word: Word(u64),
        /// Its value, if it is a switch.
        flag: Flag(bool),
        /// Its value, if it is a choice.
        choice: Choice(i64)
    }
}
