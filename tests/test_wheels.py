"""The two wheels and the source distribution, built and then used where a stranger would: outside the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.wheels

ROOT = Path(__file__).resolve().parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def call(*command: str | Path, cwd: Path) -> str:
    """Runs a command and returns what it printed; a failure shows all of it."""
    # The compiled dependencies may come from the checkout's cache; our own sources have another path and compile anew.
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def clean_environment(place: Path, wheel: Path) -> Path:
    """A new environment with the wheel and the dependencies it declares, in the versions of the lock; its Python."""
    call(sys.executable, "-m", "venv", "--without-pip", place, cwd=place.parent)
    python = place / "bin" / "python"
    pins = place.parent / "pins.txt"
    # Without the hashes: pip would ask for one of our wheel too.
    pins.write_text(re.sub(r" \\\n +--hash=\S+", "", (ROOT / "requirements.lock").read_text()))
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check")
    call(*pip, "--constraint", pins, wheel, cwd=place.parent)
    return python


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel that was built from it, not from the checkout."""
    place = tmp_path_factory.mktemp("built")
    copy = tmp_path_factory.mktemp("checkout")
    # From a copy of what git knows: a build leaves metadata behind, which the checkout's own imports would find first.
    listed = call("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for path in filter(None, listed):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", place, copy, cwd=place)
    return place


@pytest.fixture(scope="module")
def native_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Rust-only wheel, built by maturin."""
    place = tmp_path_factory.mktemp("native")
    maturin = (sys.executable, "-m", "maturin", "build", "--release", "--locked", "--compatibility", "linux")
    call(*maturin, "--interpreter", sys.executable, "-m", ROOT / "native/bind/Cargo.toml", "-o", place, cwd=ROOT)
    return only(place, "*.whl")


def only(place: Path, pattern: str) -> Path:
    """The one file of a folder that matches."""
    found = list(place.glob(pattern))
    assert len(found) == 1, f"{pattern} in {place}: {found}"
    return found[0]


def readme_example() -> str:
    """The first Python block of the README: the strategy that a newcomer copies."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks, "README.md has no Python example"
    return str(blocks[0])


def test_the_wheel_holds_the_rooms_and_the_licence_and_nothing_else(built: Path) -> None:
    names = zipfile.ZipFile(only(built, "*.whl")).namelist()
    rooms = {"native", "pycore", "feeds", "oms", "risk", "sim", "tickwright"}
    assert {name.split("/")[0] for name in names} == rooms | {f"tickwright-{VERSION}.dist-info"}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(re.fullmatch(r"native/_core\..*\.so", name) for name in names)
    assert {f"{room}/py.typed" for room in rooms} | {"native/_core.pyi"} <= set(names)
    assert {f"pycore/templates/{mode}.toml" for mode in ("paper", "testnet", "live")} <= set(names)
    assert {f"pycore/contracts/{name}" for name in ("trading.proto", "contracts.binpb")} <= set(names)
    assert not [name for name in names if name.endswith((".rs", ".c", ".pyx"))]


def test_the_source_distribution_is_private_and_without_build_products(built: Path) -> None:
    with tarfile.open(only(built, "*.tar.gz")) as archive:
        names = archive.getnames()
        member = archive.extractfile(f"tickwright-{VERSION}/PKG-INFO")
        assert member is not None
        assert "Classifier: Private :: Do Not Upload" in member.read().decode()
    assert f"tickwright-{VERSION}/native/Cargo.lock" in names
    assert not [
        name
        for name in names
        if "/target/" in name or name.endswith(".so") or name.startswith(f"tickwright-{VERSION}/tests/")
    ]


def test_the_readme_example_runs_from_the_wheel(built: Path, tmp_path: Path) -> None:
    python = clean_environment(tmp_path / "clean", only(built, "*.whl"))
    where = call(python, "-c", "import native._core; print(native._core.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path)), f"the clean environment imported {where}"
    (tmp_path / "touch.py").write_text(readme_example())
    tickwright = tmp_path / "clean" / "bin" / "tickwright"
    demo = last_row(call(tickwright, "demo", "--seconds", "5", "--json", cwd=tmp_path))
    assert demo["state_hash"] == demo["replay_hash"]
    assert demo["orders"] > 0
    seat = ("--strategy", "touch:Touch", "--in-place-of", "maker_linear")
    again = last_row(call(tickwright, "replay", demo["journal"], *seat, "--json", cwd=tmp_path))
    assert again["state_hash"] == demo["state_hash"]
    assert again["computed"] > 0


def last_row(printed: str) -> dict[str, Any]:
    """The summary of a verb that was called with `--json`."""
    row: dict[str, Any] = json.loads(printed.splitlines()[-1])
    assert row["summary"] is True
    return row


def test_the_native_wheel_carries_the_stub(native_wheel: Path) -> None:
    wheel = zipfile.ZipFile(native_wheel)
    assert wheel.read("tickwright_native/_core.pyi").decode() == (ROOT / "native/_core.pyi").read_text()
    assert "tickwright_native/py.typed" in wheel.namelist()


def test_the_native_wheel_works_alone(native_wheel: Path, tmp_path: Path) -> None:
    python = clean_environment(tmp_path / "clean", native_wheel)
    (tmp_path / "use.py").write_text(USE_NATIVE)
    assert call(python, "use.py", cwd=tmp_path).split() == [VERSION, "release", "tickwright_native.InputError"]


USE_NATIVE = """
import pickle
import tickwright_native as core

decoder = core.Decoder()
decoder.define("spot", "BTCUSDT", "0.01", "0.00001")
message = b'{"u":7,"s":"BTCUSDT","b":"60000.00","B":"0.5","a":"60000.02","A":"0.25"}'
(top,) = decoder.market("spot", message)
book = core.L2Book()
book.apply("buy", top["bid"], top["bid_qty"])
book.apply("sell", top["ask"], top["ask_qty"])
assert (book.best("buy"), book.best("sell")) == ((6_000_000, 50_000), (6_000_002, 25_000))

# The check value of Avellaneda-Stoikov with three units held: quotes 97.954615 and 99.645385.
reservation, half = core.avellaneda(gamma=0.1, sigma=2, k=1.5, time_left=1, inventory=3, fair=100)
assert (round(reservation - half, 6), round(reservation + half, 6)) == (97.954615, 99.645385)

again = pickle.loads(pickle.dumps(core.InputError("price was -1")))
assert isinstance(again, core.InputError) and isinstance(again, core.TickwrightError)
try:
    import native
except ImportError:
    pass
else:
    raise SystemExit("the clean environment is not clean")
print(core.__version__, core.BUILD_PROFILE, f"{type(again).__module__}.{type(again).__qualname__}")
"""
