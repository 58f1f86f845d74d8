"""CNN v2 as a plain PyTorch loop, channels_last under bfloat16 autocast: an epoch for each line
read.

    python torch_cnn_v2.py DATA.npz mixed_bfloat16 SEED BN_MOMENTUM

DATA.npz has images, labels, valid_images, valid_labels. Answers each line with one of JSON.
"""

import json
import os
import sys

import numpy as np
import torch
from torch import nn

BATCH = 256

data, precision, seed, momentum = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
torch.manual_seed(seed)
torch.set_num_threads(len(os.sched_getaffinity(0)))
with np.load(data) as file:
    images, labels, valid_images, valid_labels = (
        torch.from_numpy(file[name])
        for name in ("images", "labels", "valid_images", "valid_labels")
    )
images, valid_images = (each.float().div(255).unsqueeze(1) for each in (images, valid_images))


def convolution(channels_in: int, channels_out: int, padding: int) -> list[nn.Module]:
    normalise = nn.BatchNorm2d(channels_out, eps=1e-3, momentum=1 - momentum)
    return [nn.Conv2d(channels_in, channels_out, 3, padding=padding), nn.ReLU(), normalise]


model = nn.Sequential(
    *convolution(1, 32, 1),
    *convolution(32, 64, 0),
    nn.MaxPool2d(2),
    nn.Dropout(0.5),
    *convolution(64, 128, 1),
    *convolution(128, 128, 0),
    nn.MaxPool2d(2),
    nn.Dropout(0.5),
    *convolution(128, 256, 1),
    *convolution(256, 256, 0),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(256, 1024),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(1024, 512),
    nn.ReLU(),
    nn.Linear(512, 10),
).to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
lower = torch.autocast("cpu", torch.bfloat16, enabled=precision == "mixed_bfloat16")


def step(rows: torch.Tensor) -> float:
    batch = images[rows].to(memory_format=torch.channels_last)
    with lower:
        loss = nn.functional.cross_entropy(model(batch).float(), labels[rows])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item() * len(rows)


def accuracy() -> float:
    model.eval()
    with torch.inference_mode(), lower:
        right = sum(
            (model(some.to(memory_format=torch.channels_last)).argmax(1) == true).sum().item()
            for some, true in zip(valid_images.split(1000), valid_labels.split(1000), strict=True)
        )
    model.train()
    return right / len(valid_labels)


statistics = [name for name, _ in model.named_buffers() if name.endswith(("mean", "var"))]
parameters = sum(each.numel() for each in model.parameters())
parameters += sum(model.get_buffer(name).numel() for name in statistics)
print(json.dumps({"parameters": parameters}), flush=True)
for _ in sys.stdin:
    total = sum(map(step, torch.randperm(len(images)).split(BATCH)))
    print(json.dumps({"loss": total / len(images), "val_accuracy": accuracy()}), flush=True)
