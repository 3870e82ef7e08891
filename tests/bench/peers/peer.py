# SPDX-License-Identifier: MIT
"""What the peers in Python share: reading the cases (peer.sh says how they are written), timing, printing answers."""
import statistics
import sys
import time

BUDGET = 0.2  # seconds of one pass
PASSES = 5
ENOUGH = 2  # seconds of all passes: fewer of them where one call takes that long


def read(path):
    """The header as {word: [rest of line]} and the cases as {(group, operation): [(a, b)]}."""
    header, cases, group = {}, {}, None
    with open(path) as file:
        for line in file:
            word, rest = line.rstrip("\n").split(" ", 1)
            if word == "group":
                group = rest
            elif group is None:
                header.setdefault(word, []).append(rest)
            else:
                a, b = rest.split(" ")
                cases.setdefault((group, word), []).append((int(a), int(b)))
    return header, cases


def guarded(call):
    """An exception is an answer too: none."""

    def guard(*given):
        try:
            return call(*given)
        except Exception:
            return None

    return guard


def run(name, cases, operations):
    """operations: {name: (prepare(a, b) -> arguments, call(*arguments), answer(result) -> int)}."""
    print("peer", name)
    for (group, operation), pairs in cases.items():
        if operation not in operations:
            continue
        prepare, call, answer = operations[operation]
        call = guarded(call)
        arguments = [prepare(a, b) for a, b in pairs]
        results, now = [], time.process_time
        begin = now()
        for given in arguments:
            results.append(call(*given))
            if now() - begin > BUDGET:
                break
        first = now() - begin
        arguments = arguments[: len(results)]
        times = [first] if first > ENOUGH else []
        while len(times) < PASSES and sum(times) < ENOUGH:
            begin = now()
            for given in arguments:
                call(*given)
            times.append(now() - begin)
        print("time", group, operation, statistics.median(times) / len(arguments) * 1e9, len(arguments))
        for result in results:
            print("-" if result is None else answer(result))
    sys.stdout.flush()
