"""PyTorch with the data in memory as tensors and fused Adam: the quick loop that its users write."""

from __future__ import annotations

import time

import common
import torch
from torch import nn

args = common.arguments()
torch.manual_seed(args.seed)
data = common.mnist(args.data)
x_train, x_test = (torch.from_numpy(data[name]).float().div_(255) for name in ("x_train", "x_test"))
y_train, y_test = (torch.from_numpy(data[name]).long() for name in ("y_train", "y_test"))
if args.network == "cnn":
    x_train, x_test = x_train[:, None], x_test[:, None]
else:
    x_train, x_test = x_train.flatten(1), x_test.flatten(1)
NETWORKS = {
    "mlp": lambda: [nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)],
    "mlp_complete": lambda: [
        *(nn.Linear(784, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.3)),
        *(nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, 10)),
    ],
    "cnn": lambda: [
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10)),
    ],
}
model = nn.Sequential(*NETWORKS[args.network]())
optimizer = torch.optim.Adam(model.parameters(), fused=True)
loss_of = nn.CrossEntropyLoss()
cut = int(len(x_train) * 0.8)


def score(images, labels):
    """Return the fraction that is right, and the mean loss."""
    model.eval()
    right, lost = 0, 0.0
    with torch.no_grad():
        for begin in range(0, len(images), 1000):
            answers = model(images[begin : begin + 1000])
            target = labels[begin : begin + 1000]
            right += int((answers.argmax(1) == target).sum())
            lost += float(loss_of(answers, target)) * len(target)
    return right / len(labels), lost / len(labels)


seconds, start = [], time.perf_counter()
for _ in range(args.epochs):
    begun = time.perf_counter()
    model.train()
    order = torch.randperm(cut)
    for begin in range(0, cut, args.batch):
        chosen = order[begin : begin + args.batch]
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(x_train[chosen]), y_train[chosen]).backward()
        optimizer.step()
    score(x_train[cut:], y_train[cut:])
    seconds.append(time.perf_counter() - begun)
fit = time.perf_counter() - start
accuracy, _ = score(x_test, y_test)
torch.save(model.state_dict(), args.folder / "model.pt")
common.report(seconds, fit, accuracy)
