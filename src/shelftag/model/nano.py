"""Nano's forward pass for short names on a CPU: the numbers of transformers' own, faster.

    distinct beginnings of names --layer 1: queries, keys, values looked up by token--.
       .-------------------------------------------------------------------------------'
       '--> attention along paths --> feed-forward --> last layer: only where names end --> score

What is not read is not computed: padding, a beginning that stood before in the batch, and in the
last layer all but the last token. That is more than half of the work, and no approximation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shelftag.model.paths import paths_of
from shelftag.model.prefixes import Prefixes

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def has_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16 that torch tells of."""
    import torch

    return torch.cpu._is_avx512_bf16_supported()


@dataclass(frozen=True)
class Layer:
    """Weights of a decoder layer; matrices are in the type of the products."""

    query: "Tensor"
    key_and_value: "Tensor"
    attended: "Tensor"
    gate_and_up: "Tensor"
    down: "Tensor"
    attention_norm: "Tensor"
    feed_forward_norm: "Tensor"


class NanoForward:
    """Logits of a merged `LlamaForSequenceClassification` such as `make_nano` makes.

    Linear layers multiply numbers of the type `products`, and all between them is float32: in
    16 bit throughout, a name's confidence moves with the batch it stands in. A processor without
    instructions for bfloat16 multiplies the same numbers as float32, which takes twice as long.
    """

    def __init__(
        self, model: Any, products: "torch.dtype", native: Callable[[], bool] = has_bfloat16
    ) -> None:
        """`native`: whether the processor multiplies `products` itself."""
        import torch

        config, llama = model.config, model.model
        self._rounded = products == torch.bfloat16 and not native()
        self._heads, self._epsilon = config.num_attention_heads, config.rms_norm_eps
        self._width = config.hidden_size
        self._embeddings, self._norm = llama.embed_tokens.weight, llama.norm.weight
        self._score = model.score.weight
        with torch.inference_mode():
            kept = torch.float32 if self._rounded else products
            self._layers = [_layer(one, self._heads, products, kept) for one in llama.layers]
            self._turns = _turns(llama.rotary_emb.inv_freq, config.max_position_embeddings)
            self._first = self._projected(self._layers[0], self._embeddings, None)

    def __call__(self, prefixes: Prefixes) -> "Tensor":
        """Logits [n, departments] of the texts of a tree, in its order."""
        import torch

        paths = paths_of(prefixes, self._heads)
        turns = _rows(self._turns, paths.depths)
        states = _rows(self._embeddings, paths.tokens)
        for layer in self._layers:
            ends = paths.ends if layer is self._layers[-1] else None
            if layer is self._layers[0]:  # three tables by token
                query, key, value = (_rows(one, paths.tokens) for one in self._first)
                query = _rows(query, ends)
            else:
                query, key, value = self._projected(layer, states, ends)
            query, key = self._turned(query, _rows(turns, ends)), self._turned(key, turns)
            attended = paths.attended(query, key, value, by_ends=ends is not None)
            states = _rows(states, ends) + self._product(attended, layer.attended)
            states = self._fed_forward(layer, states)
        texts = self._normed(states[: len(prefixes.ends)], self._norm)
        return torch.nn.functional.linear(texts, self._score)

    def _projected(
        self, layer: Layer, states: "Tensor", ends: "Tensor | None"
    ) -> tuple["Tensor", "Tensor", "Tensor"]:
        """Queries [u, width], or of the ends alone; keys and values [u, width]; float32."""
        normed = self._normed(states, layer.attention_norm)
        query = self._product(_rows(normed, ends), layer.query)
        key, value = self._product(normed, layer.key_and_value).chunk(2, dim=1)
        return query.float(), key.float(), value.float()

    def _turned(self, projected: "Tensor", turns: "Tensor") -> "Tensor":
        """Rotary embedding (https://arxiv.org/abs/2104.09864) of [u, width] by turns of [u]."""
        import torch

        pairs = torch.view_as_complex(projected.view(len(projected), self._heads, -1, 2))
        return torch.view_as_real(pairs * turns[:, None]).flatten(1)

    def _fed_forward(self, layer: Layer, states: "Tensor") -> "Tensor":
        from torch.nn.functional import silu

        normed = self._normed(states, layer.feed_forward_norm)
        gate, up = self._product(normed, layer.gate_and_up).chunk(2, dim=1)
        return states + self._product(silu(gate).mul_(up), layer.down)

    def _product(self, states: "Tensor", weight: "Tensor") -> "Tensor":
        from torch.nn.functional import linear

        if self._rounded:  # what bfloat16 would read and give
            return linear(states.bfloat16().float(), weight).bfloat16()
        return linear(states.to(weight.dtype), weight)

    def _normed(self, states: "Tensor", weight: "Tensor") -> "Tensor":
        """RMSNorm (https://arxiv.org/abs/1910.07467): half of the passes that torch's takes."""
        import torch

        length: Tensor = torch.linalg.vector_norm(states, dim=1, keepdim=True)
        mean_square = length.square_().div_(self._width)
        return (states * mean_square.add_(self._epsilon).rsqrt_()).mul_(weight)


def _rows(table: "Tensor", rows: "Tensor | None") -> "Tensor":
    """Some rows of a table, or all."""
    return table if rows is None else table.index_select(0, rows)


def _layer(layer: Any, heads: int, products: "torch.dtype", kept: "torch.dtype") -> Layer:
    """Matrices are rounded to `products` and kept as another type."""
    import torch

    attention, feed = layer.self_attn, layer.mlp
    query, key = (_paired(one.weight, heads) for one in (attention.q_proj, attention.k_proj))

    def rounded(matrix: "Tensor") -> "Tensor":
        return matrix.to(products).to(kept)

    return Layer(
        query=rounded(query * attention.scaling),
        key_and_value=rounded(torch.cat([key, attention.v_proj.weight])),
        attended=rounded(attention.o_proj.weight),
        gate_and_up=rounded(torch.cat([feed.gate_proj.weight, feed.up_proj.weight])),
        down=rounded(feed.down_proj.weight),
        attention_norm=layer.input_layernorm.weight,
        feed_forward_norm=layer.post_attention_layernorm.weight,
    )


def _paired(weight: "Tensor", heads: int) -> "Tensor":
    """Rows of a projection so that two which turn together are neighbours: one complex number.

    transformers turns dimension i of a head with i + half; a score is the same in any order.
    """
    halves = weight.view(heads, 2, -1, weight.shape[1])  # [heads, 2, half, width]
    return halves.transpose(1, 2).reshape(weight.shape)


def _turns(frequencies: "Tensor", positions: int) -> "Tensor":
    """Unit complex numbers [positions, half]."""
    import torch

    angles = torch.arange(positions)[:, None] * frequencies[None, :].float()
    return torch.polar(torch.ones_like(angles), angles)
