//! Hands the compiler's version to the extension.

use std::env;
use std::process::Command;

fn main() {
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let told = Command::new(rustc).arg("--version").output().expect("rustc runs");
    let text = String::from_utf8(told.stdout).expect("rustc writes UTF-8");
    let version = text.split_whitespace().nth(1).unwrap_or("unknown");
    println!("cargo::rustc-env=SPIKEMIRROR_RUSTC={version}");
    println!("cargo::rerun-if-changed=build.rs");
}
