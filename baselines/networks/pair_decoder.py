"""A decoder of pairs of tokens: the second token of a pair does not see the first (Gupta et al. 2024, ContextSSL).

Tokens have no position, so a context is a set of pairs.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from ..errors import SettingError

DEVIATION = 0.02  # of initial weights, as in GPT-2
Memory = list[tuple[Tensor, Tensor]]
"""Keys and values of a context's tokens in every block: two of (heads, c, width / heads)."""


class Block(nn.Module):
    """Attention and an MLP, each on the normalised input and added to it: (..., T, width) -> (..., T, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def split(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values: (..., T, width) -> three of (..., heads, T, width / heads)."""
        parts = self.attention(self.norm1(tokens)).chunk(3, dim=-1)
        query, key, value = (torch.unflatten(part, -1, (self.heads, -1)).transpose(-3, -2) for part in parts)
        return query, key, value

    def add(self, tokens: Tensor, attended: Tensor) -> Tensor:
        """Add the output of the attention heads (..., heads, T, width / heads), then the MLP's output."""
        tokens = tokens + self.merge(attended.transpose(-3, -2).flatten(-2))
        summed: Tensor = tokens + self.narrow(gelu(self.widen(self.norm2(tokens))))
        return summed


class PairDecoder(nn.Module):
    """(S, T, inputs) -> (S, T, outputs), for S sequences of T tokens, two a pair."""

    def __init__(self, inputs: int, width: int, outputs: int, layers: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise SettingError(f"a token of {width} numbers does not divide into heads={heads}: change method.width")
        self.read_in, self.read_out = nn.Linear(inputs, width), nn.Linear(width, outputs)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear):
                residual = name.endswith(("merge", "narrow"))
                nn.init.normal_(module.weight, std=DEVIATION / math.sqrt(2 * layers) if residual else DEVIATION)
                nn.init.zeros_(module.bias)

    def forward(self, tokens: Tensor, masks: Sequence[Tensor]) -> Tensor:
        """Return the read-outs. masks : (T, T) bool for each block, True where a row sees a column; see `pair_mask`."""
        tokens = self.read_in(tokens)
        for block, mask in zip(self._each(), masks, strict=True):
            query, key, value = block.split(tokens)
            tokens = block.add(tokens, scaled_dot_product_attention(query, key, value, attn_mask=mask))
        read: Tensor = self.read_out(self.norm(tokens))
        return read

    def remember(self, context: Tensor) -> Memory:
        """Return keys and values of a context (c, inputs) of whole pairs; it may be empty."""
        tokens, memory = self.read_in(context), Memory()
        mask = pair_mask(len(context)).to(context.device)
        for block in self._each():
            query, key, value = block.split(tokens)
            memory.append((key, value))
            tokens = block.add(tokens, scaled_dot_product_attention(query, key, value, attn_mask=mask))
        return memory

    def attend(self, tokens: Tensor, memory: Memory) -> Tensor:
        """Return the read-outs of tokens that see a context and themselves: (n, inputs) -> (n, outputs)."""
        tokens = self.read_in(tokens)
        for block, (keys, values) in zip(self._each(), memory, strict=True):
            query, key, value = block.split(tokens)  # (heads, n, width / heads)
            logits = torch.cat([query @ keys.mT, (query * key).sum(-1, keepdim=True)], dim=-1)
            share = (logits / math.sqrt(query.shape[-1])).softmax(-1)  # (heads, n, c + 1)
            tokens = block.add(tokens, share[..., :-1] @ values + share[..., -1:] * value)
        read: Tensor = self.read_out(self.norm(tokens))
        return read

    def _each(self) -> Iterator[Block]:
        for block in self.blocks:
            assert isinstance(block, Block)
            yield block


def pair_mask(length: int) -> Tensor:
    """Return the mask (T, T) of a sequence of pairs: causal, and the second token of a pair does not see the first.

    >>> pair_mask(4).int().tolist()
    [[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]]
    """
    row, column = torch.arange(length)[:, None], torch.arange(length)
    return (column <= row) & ~((row % 2 == 1) & (column == row - 1))


def thinned(mask: Tensor, keep: float, generator: torch.Generator) -> Tensor:
    """Hide each pair from each row with probability 1 - keep; a row always sees itself."""
    visible = torch.rand(len(mask), len(mask) // 2, generator=generator) < keep
    return mask & (visible.repeat_interleave(2, dim=1) | torch.eye(len(mask), dtype=torch.bool))
