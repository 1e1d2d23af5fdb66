//! Compiles the kernels for NVIDIA GPUs if the feature `cuda` is on.

#[cfg(feature = "cuda")]
fn main() -> cudaforge::Result<()> {
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
    cudaforge::KernelBuilder::new()
        .source_files(["f32", "f16", "bf16"].map(|format| format!("src/cuda/encoder_{format}.cu")))
        .watch(["attention", "encoder", "values"].map(|name| format!("src/cuda/{name}.cuh")))
        .arg("-std=c++17")
        .arg("-O3")
        .build_ptx()?
        .write(out.join("ptx.rs"))
}

#[cfg(not(feature = "cuda"))]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
