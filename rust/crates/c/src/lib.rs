//! The checked kernels behind the C interface of spikemirror, as its header `spikemirror.h` says.
#![allow(unsafe_code)]

mod abi;
mod exports;
