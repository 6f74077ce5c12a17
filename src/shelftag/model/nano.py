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
            by_token = self._projected(self._layers[0], self._embeddings, slice(None))
            self._first = torch.cat(by_token, dim=1)  # [vocabulary, 3 width]

    def __call__(self, prefixes: Prefixes) -> "Tensor":
        """Logits [n, departments] of the texts of a tree, in its order."""
        import torch

        tokens = _padded(torch.from_numpy(prefixes.tokens))
        paths = [torch.from_numpy(path) for path in prefixes.paths]
        ends = [torch.from_numpy(path) for path in prefixes.ends if len(path)]
        texts = sum(map(len, ends))
        depths = torch.repeat_interleave(torch.tensor([len(path) for path in paths]))
        turns, states = self._turns[_padded(depths)], self._embeddings[tokens]
        for layer in self._layers:
            rows: Any = slice(None)
            read = paths
            if layer is self._layers[-1]:
                rows, read = _padded(torch.cat([path[:, -1] for path in ends])), ends
            if layer is self._layers[0]:
                first = self._first[tokens]
                query, key_value = first[rows][:, : self._width], first[:, self._width :]
            else:
                query, key_value = self._projected(layer, states, rows)
            key, value = key_value.float().chunk(2, dim=1)
            query, key = self._turned(query, turns[rows]), self._turned(key, turns)
            attended = self._attended(query, key, value, read)
            states = self._fed_forward(
                layer, states[rows] + self._product(attended, layer.attended)
            )
        return torch.nn.functional.linear(self._normed(states[:texts], self._norm), self._score)

    def _projected(self, layer: Layer, states: "Tensor", rows: Any) -> tuple["Tensor", "Tensor"]:
        """Queries of some rows, [rows, width]; keys and values of all, [u, 2 width]."""
        normed = self._normed(states, layer.attention_norm)
        return self._product(normed[rows], layer.query), self._product(normed, layer.key_and_value)

    def _turned(self, projected: "Tensor", turns: "Tensor") -> "Tensor":
        """Rotary embedding (https://arxiv.org/abs/2104.09864) of [u, width] by turns of [u]."""
        import torch

        pairs = torch.view_as_complex(projected.float().view(len(projected), self._heads, -1, 2))
        return torch.view_as_real(pairs * turns[:, None]).flatten(1)

    def _attended(
        self, query: "Tensor", key: "Tensor", value: "Tensor", paths: "list[Tensor]"
    ) -> "Tensor":
        """What each query [n, width] takes from the values on its path, [n, width]."""
        import torch

        out = torch.zeros_like(query)
        counts = [len(path) for path in paths]
        pieces = (one[: sum(counts)].split_with_sizes(counts) for one in (query, out))
        for path, asks, takes in zip(paths, *pieces, strict=True):
            nodes = path.reshape(-1)  # [queries, nodes on a path, heads, width of a head]
            keys, values = (
                one.index_select(0, nodes).view(*path.shape, self._heads, -1)
                for one in (key, value)
            )
            asks, takes = (one.view(len(one), self._heads, -1) for one in (asks, takes))
            shares = keys.mul_(asks[:, None]).sum(dim=-1).softmax(dim=1)
            torch.sum(values.mul_(shares[..., None]), dim=1, out=takes)
        return out

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
        from torch.nn.functional import rms_norm

        return rms_norm(states, (states.shape[-1],), weight, self._epsilon)


def _padded(rows: "Tensor") -> "Tensor":
    """Rows [n] and as many zeros as make n one of few counts, at most an eighth more.

    oneDNN prepares a product anew for each count of rows it has not seen lately, which costs as
    much as the product of a small batch.
    """
    import torch

    step = max(1 << (len(rows) - 1).bit_length() >> 3, 16)
    return torch.nn.functional.pad(rows, (0, -len(rows) % step))


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
