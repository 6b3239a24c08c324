"""How results are printed."""
import sys


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def numbers(text):
    """An option such as 1,16,64."""
    return [int(part) for part in text.split(",")]


def names(text):
    return text.split(",")
