"""Trains an epoch of the same network in PyTorch: nn.LSTM, a linear layer, Adam.

    python -m benchmarks.contenders.torch_lstm data.npz [BATCH]

Runs in the environment of the peers: NumPy and PyTorch, without this project.
"""

import sys

import numpy as np
import torch

from benchmarks.contenders.turns import serve


class Network(torch.nn.Module):
    """LSTM network from float32, shape (batch, k, 1), to logits, shape (batch, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(1, 64, batch_first=True)
        self.classes = torch.nn.Linear(64, 2)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.classes(self.lstm(X)[1][0][0])


def main() -> None:
    """Serve the turns."""
    batch = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
    with np.load(sys.argv[1]) as arrays:
        X, y = torch.from_numpy(arrays["X"])[:, :, None], torch.from_numpy(arrays["y"]).long()
    torch.manual_seed(0)
    network = Network()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    loss = torch.nn.CrossEntropyLoss()

    def epoch(records: int = len(X)) -> None:
        for rows in torch.randperm(records).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss(network(X[rows]), y[rows]).backward()
            optimizer.step()

    epoch(2 * batch)
    serve(epoch)


if __name__ == "__main__":
    main()
