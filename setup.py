"""The one build of Tickwright: the Rust core, the Cython kernels and the Python rooms, from one checkout."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools_rust import Binding, RustExtension

# Every package by name, subpackages too: nothing is found by accident, and a tidy test compares it with the tree.
PACKAGES = [
    "native",
    "pycore",
    "pycore.contracts",
    "pycore.lp",
    "pycore.templates",
    "feeds",
    "feeds.chain",
    "feeds.history",
    "feeds.itch",
    "feeds.l3",
    "feeds.store",
    "feeds.venue",
    "oms",
    "risk",
    "sim",
    "sim.accept",
    "sim.box",
    "sim.clamm",
    "sim.drill",
    "sim.gates",
    "sim.report",
    "tickwright",
]

# The C of a kernel goes to build/, so that native/ holds sources only. Contraction would make floats differ by machine.
kernels = [
    Extension(f"native.{path.stem}", [f"native/{path.name}"], extra_compile_args=["-O3", "-ffp-contract=off"])
    for path in sorted(Path("native").glob("*.pyx"))
]

setup(
    packages=PACKAGES,
    package_dir={"": "."},
    # The templates are links to deploy/config: one copy, and an installed command has them too.
    package_data={package: ["py.typed", "*.pyi", "*.pxd", "*.toml", "*.proto", "*.binpb"] for package in PACKAGES},
    ext_modules=cythonize(kernels, build_dir="build/cython", compiler_directives={"language_level": "3"}),
    rust_extensions=[
        RustExtension(
            "native._core",
            path="native/bind/Cargo.toml",
            binding=Binding.PyO3,
            # setuptools-rust would build an editable install in debug.
            debug=False,
            cargo_manifest_args=["--locked"],
        )
    ],
    zip_safe=False,
)
