"""The one build of Tickwright: the Rust core, the Cython kernels and the Python rooms, from one checkout."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools_rust import Binding, RustExtension

ROOMS = ["native", "pycore", "feeds", "oms", "risk", "sim", "tickwright"]

kernels = [
    Extension(f"native.{path.stem}", [f"native/{path.name}"])
    for path in sorted((Path(__file__).parent / "native").glob("*.pyx"))
]

setup(
    packages=ROOMS,
    package_dir={"": "."},
    package_data={room: ["py.typed", "*.pyi", "*.pxd"] for room in ROOMS},
    ext_modules=cythonize(kernels, compiler_directives={"language_level": "3"}) if kernels else [],
    rust_extensions=[
        RustExtension(
            "native._core",
            path="native/bind/Cargo.toml",
            binding=Binding.PyO3,
            debug=False,
            cargo_manifest_args=["--locked"],
        )
    ],
    zip_safe=False,
)
