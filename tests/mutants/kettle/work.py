"""What other processes and threads do."""

import queue

box = queue.Queue()


def brew(cups):
    return mix(cups) * 2


def mix(cups):
    return cups + 0.5


def into(cups):
    box.put(brew(cups))


def send(pipe, cups):
    pipe.send(brew(cups))
    pipe.close()


def square(number):
    return number * number


def cube(number):
    return number**3


def half(number):
    return number / 2


def share(number):
    return half(number)


def idle(number):
    return number
