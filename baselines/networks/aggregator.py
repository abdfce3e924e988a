"""An aggregator of several views: a transformer with a learnable token (Ghaemi et al. 2025, seq-JEPA)."""

import torch
from torch import Tensor, nn

from ..errors import SettingError


class Aggregator(nn.Module):
    """(B, M, W) -> (B, W): tokens of M views to one vector, the transformer's output at a token of its own.

    Tokens have no position, so only their actions give the order of the views.

    width : W; layers, heads : of the transformer, whose layers normalise after each sum; dropout : in training
    """

    def __init__(self, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        if width % heads:
            raise SettingError(
                f"a token of {width} numbers does not divide into heads={heads}: change method.heads or "
                "method.action_size"
            )
        self.token = nn.Parameter(torch.zeros(width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the aggregate; `tokens` is not changed."""
        sequence = torch.cat([self.token.expand(len(tokens), 1, -1).to(tokens.dtype), tokens], dim=1)  # (B, 1 + M, W)
        for layer in self.layers:
            sequence = layer(sequence)
        aggregate: Tensor = self.norm(sequence[:, 0])
        return aggregate
