//! The kernels of spikemirror, generic over `f32` and `f64`.
//!
//! One module per family holds kernels over slices and scalars, which trust their caller; [`checked`] holds the same
//! kernels over arrays of unknown dtype and shape, behind the checks that every language makes in the same order.

pub mod array;
pub mod check;
pub mod checked;
pub mod contrastive;
pub mod decoders;
pub mod encoders;
mod lanes;
pub mod losses;
pub mod lpl;
mod partition;
pub mod philox;
pub mod plasticity;
mod product;
pub mod raw;
mod real;
pub mod rejection;
mod threads;
mod vector;

pub use real::Real;
