#!/usr/bin/env python3
"""Prints how many tests of a suite passed, with the date, and keeps that line.

Usage: counts.py SUITE EXIT_CODE OUTPUT_FILE FOLDER
"""

import datetime
import pathlib
import re
import sys

SKIPPED = 77


def number(pattern, text):
    """The sum of what the pattern's group matches."""
    return sum(int(found) for found in re.findall(pattern, text, re.MULTILINE))


def of_pytest(text):
    last = text.rstrip().rsplit("\n", 1)[-1]
    return [number(rf"(\d+) {word}", last) for word in ("passed", "(?:failed|error)", "skipped")]


def of_node(text):
    return [number(rf"^\S+ {word} (\d+)$", text) for word in ("pass", "fail", "skipped")]


def of_go(text):
    return [len(re.findall(rf"^ *--- {word}:", text, re.MULTILINE))
            for word in ("PASS", "FAIL", "SKIP")]


def of_cargo(text):
    return [number(rf"(\d+) {word};", text) for word in ("passed", "failed", "ignored")]


def of_unittest(text):
    failed = number(r"(?:failures|errors)=(\d+)", text)
    skipped = number(r"skipped=(\d+)", text)
    return [number(r"^Ran (\d+) tests? in", text) - failed - skipped, failed, skipped]


def of_junit(text):
    return [number(rf"^\[ +(\d+) tests {word} +\]$", text)
            for word in ("successful", "failed", "(?:aborted|skipped)")]


def of_minitest(text):
    runs = number(r"^(\d+) runs,", text)
    failed = number(r"(\d+) failures,", text) + number(r"(\d+) errors,", text)
    skipped = number(r"(\d+) skips$", text)
    return [runs - failed - skipped, failed, skipped]


READERS = {"python": of_pytest, "node": of_node, "go": of_go, "rust": of_cargo,
           "rust_async": of_cargo, "java": of_junit, "ruby": of_minitest, "hiredis": of_unittest,
           "cli": of_unittest}


def main():
    suite, code, output, folder = sys.argv[1:]
    text = re.sub(r"\x1b\[[0-9;]*m", "", pathlib.Path(output).read_text(errors="replace"))
    line = f"{datetime.date.today()} {suite}: "
    if int(code) == SKIPPED:
        line += text.rstrip().rsplit("\n", 1)[-1]
    else:
        passed, failed, skipped = READERS[suite](text)
        line += f"{passed} passed, {failed} failed, {skipped} skipped"
        if int(code) != 0:
            line += f" (exit code {code})"
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    pathlib.Path(folder, suite).write_text(line + "\n")
    print(line)


if __name__ == "__main__":
    main()
