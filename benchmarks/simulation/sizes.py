"""How large a simulation is, and how long things take in it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """A run and its cluster; times are simulated seconds.

    A run has `strands` that do not depend on each other. Each is a row of layers, and each layer
    uses one image, so that a pool is needed for a while, and again later. `nodes` is the cap of
    all pools that can be in use at once, one for each strand.
    """

    tasks: int = 1_000_000
    nodes: int = 10_000
    images: int = 30
    strands: int = 10
    layers: int = 12
    cores: int = 2
    seconds: float = 120.0
    node_boot: float = 30.0
    worker_boot: float = 1.0
    idle_timeout: float = 15.0
    seed: int = 0

    @property
    def width(self) -> int:
        """Tasks of one layer of one strand."""
        return max(1, self.tasks // (self.strands * self.layers))

    @property
    def nodes_of_a_pool(self) -> int:
        """The cap of each pool."""
        return max(1, self.nodes // self.strands)

    def image(self, strand: int, layer: int) -> int:
        """The image of a layer: neighbouring strands are a few images apart."""
        return (strand * max(1, self.images // self.strands) + layer) % self.images
