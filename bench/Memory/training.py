"""Training of an encoder in plain PyTorch, random weights: one step for every line read, its seconds printed; at the end the peak RSS in bytes.

Usage: training.py full|lora SHAPE, SHAPE being JSON with hidden, layers, heads, intermediate, vocabulary, positions, embedding, shared.
full: every weight, AdamW. lora: rank 8 on query and value, forward and backward pass without an optimiser. No dropout.
"""

import json
import math
import resource
import sys
import time

import torch
from torch import nn

BATCH, TOKENS, RANK, ALPHA = 8, 64, 8, 16


class Lora(nn.Module):
    def __init__(self, base):
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.empty(RANK, base.in_features).uniform_(-1, 1) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.randn(base.out_features, RANK) * 0.01)

    def forward(self, x):
        return self.base(x) + (x @ self.a.T) @ self.b.T * (ALPHA / RANK)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, inner = shape["hidden"], shape["intermediate"]
        self.heads = shape["heads"]
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        n, s, width = x.shape
        q, k, v = (layer(x).view(n, s, self.heads, -1).transpose(1, 2) for layer in (self.query, self.key, self.value))
        weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]), dim=-1)
        x = self.first(x + self.output((weights @ v).transpose(1, 2).reshape(n, s, width)))
        return self.second(x + self.down(nn.functional.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, embedding = shape["hidden"], shape["embedding"]
        self.words, self.positions = nn.Embedding(shape["vocabulary"], embedding), nn.Embedding(shape["positions"], embedding)
        self.norm = nn.LayerNorm(embedding)
        self.projection = nn.Identity() if embedding == width else nn.Linear(embedding, width)
        own = [Block(shape) for _ in range(1 if shape["shared"] else shape["layers"])]
        self.own = nn.ModuleList(own)
        self.order = own * (shape["layers"] // len(own))
        self.head = nn.Linear(width, 2)

    def forward(self, ids):
        x = self.projection(self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]]))
        for block in self.order:
            x = block(x)
        return self.head(x.mean(dim=1))


def main():
    mode, shape = sys.argv[1], json.loads(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = Encoder(shape)
    if mode == "lora":
        model.requires_grad_(False)
        for block in model.own:
            block.query, block.value = Lora(block.query), Lora(block.value)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-5) if mode == "full" else None
    ids, labels = torch.randint(shape["vocabulary"], (BATCH, TOKENS)), torch.randint(2, (BATCH,))
    for _ in sys.stdin:
        start = time.perf_counter()
        model.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(ids), labels).backward()
        if optimiser is not None:
            optimiser.step()
        print(time.perf_counter() - start, flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


main()
