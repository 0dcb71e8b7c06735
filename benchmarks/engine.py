"""A small library as a book has one, for `marks.py`: reverse-mode differentiation on arrays, and on single numbers."""

import numpy as np


class Node:
    """A value in a graph, an array or a number, with the functions that pull its gradient back."""

    def __init__(self, value, parents=()):
        self.value, self.parents, self.grad = value, parents, 0.0

    def __add__(self, other):
        return add(self, other)

    def __mul__(self, other):
        return mul(self, other)

    def backward(self):
        order, seen = [], set()
        visit(self, order, seen)
        self.grad = np.ones_like(self.value) if isinstance(self.value, np.ndarray) else 1.0
        for node in reversed(order):
            for parent, pull in node.parents:
                parent.grad = parent.grad + pull(node.grad)


def visit(node, order, seen):
    if id(node) not in seen:
        seen.add(id(node))
        for parent, _ in node.parents:
            visit(parent, order, seen)
        order.append(node)


def shrink(grad, shape):
    """Undo broadcasting: sum over the axes that were stretched."""
    if not isinstance(grad, np.ndarray):
        return grad
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1 and grad.shape[axis] != 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


def add(a, b):
    return Node(a.value + b.value, ((a, lambda g: shrink(g, np.shape(a.value))), (b, lambda g: shrink(g, np.shape(b.value)))))


def mul(a, b):
    return Node(a.value * b.value, ((a, lambda g: g * b.value), (b, lambda g: g * a.value)))


def matmul(a, b):
    return Node(a.value @ b.value, ((a, lambda g: g @ b.value.T), (b, lambda g: a.value.T @ g)))


def relu(a):
    return Node(a.value * (a.value > 0), ((a, lambda g: g * (a.value > 0)),))


def mean(a):
    return Node(a.value.mean(), ((a, lambda g: np.full_like(a.value, g / a.value.size)),))


def linear(x, weight, bias):
    return add(matmul(x, weight), bias)


def train_arrays(steps=150):
    """An MLP 64-64-1 on 32 rows: the array sizes of a first lesson."""
    rng = np.random.default_rng(0)
    x, y = Node(rng.normal(size=(32, 64))), Node(-rng.normal(size=(32, 1)))
    parameters = [Node(rng.normal(size=s) / 8) for s in ((64, 64), (1, 64), (64, 1), (1, 1))]
    for _ in range(steps):
        w1, b1, w2, b2 = parameters
        error = linear(relu(linear(x, w1, b1)), w2, b2) + y
        loss = mean(error * error)
        loss.backward()
        parameters = [Node(p.value - 0.05 * p.grad) for p in parameters]
    return float(loss.value)


def train_numbers(steps=60):
    """A line through 50 points, one number at a time: nothing but small calls."""
    w, b = Node(0.0), Node(0.0)
    for _ in range(steps):
        loss = Node(0.0)
        for k in range(50):
            error = w * Node(k / 50) + b + Node(-2 * k / 50 - 1)
            loss = loss + error * error
        loss.backward()
        w, b = Node(w.value - 0.01 * w.grad), Node(b.value - 0.01 * b.grad)
    return loss.value


def train_torch(steps=60):
    """An MLP 64-64-10 on 32 rows in PyTorch, its modules defined here."""
    import torch
    from torch import nn

    class Layer(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.inside = nn.Linear(inputs, outputs)

        def forward(self, x):
            return activate(self.inside(x))

    torch.manual_seed(0)
    net = nn.Sequential(Layer(64, 64), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(32, 64), torch.randint(10, (32,))
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


def activate(x):
    return x.relu()
