#!/usr/bin/env bash
# Assembles a CUDA 13.0 toolkit for building the feature `cuda`, from the wheels that NVIDIA publishes
# for Python: compiler, headers, libraries, and a stub of the driver library for linking. Runs on
# x86-64 Linux without a GPU, a driver or root.
#
#   tools/cuda-toolkit.sh DIR && . DIR/env.sh
#
# Needs python3 with pip, and gcc 6 to 15. CUDA_WHEELS=DIR names a folder of wheels to use before
# downloading.
set -euo pipefail
[ $# -eq 1 ] || {
    echo "usage: $0 DIR" >&2
    exit 2
}
mkdir -p "$1"
target=$(cd "$1" && pwd)

packages=(
    nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88
    nvidia-cuda-runtime==13.0.96 nvidia-cuda-cccl==13.0.85
    nvidia-cublas==13.0.2.14 nvidia-curand==10.4.0.35 nvidia-cuda-nvrtc==13.0.88
)
wheels=$target/wheels
mkdir -p "$wheels"
find_links=()
[ -z "${CUDA_WHEELS:-}" ] || find_links=(--find-links "$CUDA_WHEELS")
python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    "${find_links[@]}" -d "$wheels" "${packages[@]}"

# All wheels put their files below nvidia/cu13.
rm -rf "$target/nvidia"
for wheel in "$wheels"/*.whl; do
    python3 -m zipfile -e "$wheel" "$target"
done
rm -rf "$target"/*.dist-info
home=$target/nvidia/cu13
chmod +x "$home"/bin/* "$home"/nvvm/bin/*

# The build expects a folder lib64 and library names without a version.
ln -sfn lib "$home/lib64"
for library in "$home"/lib/lib*.so.*; do
    name=${library##*/}
    case $name in *.alt.so.*) continue ;; esac
    ln -sfn "$name" "$home/lib/${name%%.so.*}.so"
done

# libcuda comes with the driver. This stub exports the same names and does nothing. A program linked
# with it loads the real library, which has the same soname, where it runs.
stubs=$home/lib/stubs
mkdir -p "$stubs"
grep -oE '\bcu[A-Z][A-Za-z0-9_]*' "$home/include/cuda.h" | sort -u |
    sed 's/.*/void &(void) {}/' |
    gcc -shared -fPIC -w -fno-builtin -Wl,-soname,libcuda.so.1 -x c - -o "$stubs/libcuda.so"

cat > "$target/env.sh" <<'EOF'
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export CUDA_HOME=$here/nvidia/cu13
export CUDA_ROOT=$CUDA_HOME CUDA_PATH=$CUDA_HOME CUDA_TOOLKIT_ROOT_DIR=$CUDA_HOME
export NVCC=$CUDA_HOME/bin/nvcc PATH=$CUDA_HOME/bin:$PATH
# 90 is an H100. CUDARC_CUDA_VERSION is set because there is no GPU to ask.
export CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-90} CUDARC_CUDA_VERSION=13000
EOF
du -sh "$home" >&2
