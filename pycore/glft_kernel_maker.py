"""The GLFT market maker as a compiled kernel inside the core; its Python twin shows and replays what it does.

catalogue: P4, P1. The rule runs in native/glft_kernel.pyx without crossing into Python; a replay with `--strategy
glft_kernel` computes the same wishes in Python and compares each.
"""

from __future__ import annotations

from native.glft_kernel import GlftKernel
from pycore.glft_maker import GlftMaker


class GlftKernelMaker(GlftMaker):
    """The compiled form of `GlftMaker`, with the same parameters."""

    def kernel(self) -> GlftKernel:
        """The kernel; parameters out of its range raise `InputError`."""
        return GlftKernel(**self.params.model_dump())
