"""The work as an expert writes it in PyTorch: eager, `channels_last`, a fused Adam, no DataLoader around arrays."""

import numpy as np
import torch
from benchmarks.task import Task
from benchmarks.workloads import HEADS, VOCAB, WIDTH
from torch import nn
from torch.nn import functional


class Images(nn.Sequential):
    """A sequence of modules that reads images as NumPy has them, channels last."""

    def forward(self, x):
        return super().forward(x.permute(0, 3, 1, 2))


class LastOutput(nn.Module):
    """Read sequences with an LSTM and pass on its last output."""

    def __init__(self, features, units):
        super().__init__()
        self.lstm = nn.LSTM(features, units, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[1][0][-1]


def mlp(units=128):
    return nn.Sequential(nn.Linear(784, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU(), nn.Linear(units, 10))


def large_mlp():
    return mlp(1024)


def digits():
    return Images(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1600, 128),
        nn.ReLU(inplace=True),
        nn.Linear(128, 10),
    )


def vgg():
    modules, channels = [], 3
    for filters in (64, 128, 256):
        for _ in range(2):
            modules += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
            channels = filters
        modules.append(nn.MaxPool2d(2))
    modules += [nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(inplace=True), nn.Linear(256, 10)]
    return Images(*modules)


def convolution(channels, filters, size, stride):
    conv = nn.Conv2d(channels, filters, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(filters))


class Residual(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.first = convolution(channels, filters, 3, stride)
        self.second = convolution(filters, filters, 3, 1)
        self.shortcut = convolution(channels, filters, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        y = functional.relu(self.first(x), inplace=True)
        return functional.relu(self.shortcut(x) + self.second(y), inplace=True)


def resnet20():
    modules, channels = [convolution(3, 16, 3, 1), nn.ReLU(inplace=True)], 16
    for filters in (16, 32, 64):
        for block in range(3):
            modules.append(Residual(channels, filters, 2 if block == 0 and filters > 16 else 1))
            channels = filters
    return Images(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def lstm():
    return nn.Sequential(LastOutput(64, 128), nn.Linear(128, 10))


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, 64)
        self.lstm = nn.LSTM(64, 64, batch_first=True, bidirectional=True)
        self.top = nn.Linear(128, 10)

    def forward(self, tokens):
        lengths = (tokens != 0).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        _, (h, _) = self.lstm(packed)
        return self.top(torch.cat([h[0], h[1]], 1))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.joint = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, 1e-3), nn.LayerNorm(WIDTH, 1e-3)
        self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        batch, words, _ = x.shape
        heads = self.joint(x).view(batch, words, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*heads).transpose(1, 2).reshape(x.shape)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.narrow(functional.relu(self.wide(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, WIDTH)
        self.blocks = nn.Sequential(Block(), Block())
        self.top = nn.Linear(WIDTH, 10)

    def forward(self, tokens):
        return self.top(self.blocks(self.embedding(tokens)).mean(1))


class Autoencoder(Images):
    def forward(self, x):
        return super().forward(x).permute(0, 2, 3, 1)


def autoencoder():
    same = {"stride": 2, "padding": 1}
    return Autoencoder(
        nn.Conv2d(1, 32, 3, **same),
        nn.ReLU(inplace=True),
        nn.Conv2d(32, 64, 3, **same),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(64, 64, 3, output_padding=1, **same),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(64, 32, 3, output_padding=1, **same),
        nn.ReLU(inplace=True),
        nn.Conv2d(32, 1, 3, padding=1),
        nn.Sigmoid(),
    )


def dense_head():
    return nn.Sequential(nn.Flatten(), nn.Linear(24 * 24 * 32, 256), nn.ReLU(inplace=True), nn.Linear(256, 10))


def vgg16():
    modules, channels = [], 3
    for filters, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            modules += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
            channels = filters
        modules.append(nn.MaxPool2d(2))
    modules += [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 4096)]
    return Images(*modules, nn.ReLU(inplace=True), nn.Linear(4096, 1000))


MODELS = {
    "mlp": mlp,
    "large_mlp": large_mlp,
    "digits": digits,
    "vgg": vgg,
    "resnet20": resnet20,
    "lstm": lstm,
    "text": Text,
    "transformer": Transformer,
    "autoencoder": autoencoder,
    "dense_head": dense_head,
    "vgg16": vgg16,
}


def made(workload):
    return MODELS[workload.model.__name__]().to(memory_format=torch.channels_last)


def parameters_of(model):
    statistics = [buffer for buffer in model.buffers() if buffer.is_floating_point()]
    return sum(tensor.numel() for tensor in (*model.parameters(), *statistics))


def hits(outputs, y):
    return (outputs.argmax(1) == y).sum()


def distance(outputs, y):
    return (outputs - y).abs().mean() * len(y)


LOSSES = {
    "sparse_categorical_crossentropy": (functional.cross_entropy, hits),
    "mean_squared_error": (functional.mse_loss, distance),
}


def fit(workload):
    x, y = (torch.from_numpy(array) for array in workload.data())
    y = y if y.is_floating_point() else y.long()
    model = made(workload).train()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    loss_of, metric = LOSSES[workload.loss]

    def epoch():
        total, score = torch.zeros(()), torch.zeros(())
        for rows in torch.randperm(len(x)).split(workload.batch_size):
            batch, labels = x[rows], y[rows]
            optimizer.zero_grad(set_to_none=True)
            outputs = model(batch)
            loss = loss_of(outputs, labels)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            score += metric(outputs.detach(), labels)
        return total.item(), score.item()

    return Task(epoch, workload.steps, parameters_of(model))


def forward_of(workload):
    """Return a function of x alone, and the number of parameters."""
    model = made(workload).eval()

    @torch.inference_mode()
    def run(x):
        return functional.softmax(model(torch.from_numpy(x)), 1).numpy()

    return run, parameters_of(model)


def predict_one(workload):
    return forward(workload, 1)


def predict_sizes(workload):
    x, _ = workload.data(32)
    fresh = []

    def sizes():
        for size in range(1, 33):
            fresh[0](x[:size])

    def renew():
        fresh[:] = [forward_of(workload)[0]]

    return Task(sizes, before=renew, first_counts=True)


def predict_many(workload):
    x, _ = workload.data(10_000)
    run, parameters = forward_of(workload)

    def batches():
        return np.concatenate([run(x[start : start + 32]) for start in range(0, len(x), 32)])

    return Task(batches, parameters=parameters)


def forward(workload, count=None):
    x, _ = workload.data(count or workload.batch_size)
    run, parameters = forward_of(workload)
    return Task(lambda: run(x), parameters=parameters)


def build(workload):
    return Task(lambda: made(workload), first_counts=True)


call = predict_one
