#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""zoneinfo_property.py PROGRAM: does every zone say what Python's zoneinfo says, from instant to wall and back?

PROGRAM is zoneinfo_answers.  ITSM_CASES is the number of cases (100,000 unless set; if ITSM_FULL is, at least 1,000,000),
ITSM_SEED the seed.  Python's fold 0 and 1 are `first` and `second`: in a gap, the offsets before and after it.
"""
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

FOLDER = "/usr/share/zoneinfo"
EPOCH = datetime(1970, 1, 1)
UTC_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
UNIQUE, SKIPPED, REPEATED = 0, 1, 2


def judge(zones, names, fields):
    """What Python says in place of a line, or None if it agrees."""
    k, t, offset, dst, abbreviation, wall, kind, first, second = fields
    zone = zones[int(k)]
    at = (UTC_EPOCH + timedelta(microseconds=int(t))).astimezone(zone)
    local = at.utcoffset() // timedelta(seconds=1), int(bool(at.dst())), at.tzname()
    if local != (int(offset), int(dst), abbreviation.decode()):
        return f"{names[int(k)]} at {t}: {offset} {dst} {abbreviation.decode()}, zoneinfo says {local}"
    naive = (EPOCH + timedelta(microseconds=int(wall))).replace(tzinfo=zone)
    fold = [(int(wall) - naive.replace(fold=f).utcoffset() // MICROSECOND) for f in (0, 1)]
    wanted = UNIQUE if fold[0] == fold[1] else REPEATED if fold[0] < fold[1] else SKIPPED
    if [int(first), int(second)] != fold or int(kind) != wanted:
        return f"{names[int(k)]}, wall clock {wall}: {kind} {first} {second}, zoneinfo says {wanted} {fold}"
    return None


def main(program):
    try:
        import zoneinfo
    except ImportError:
        print("Python has no zoneinfo: nothing was compared")
        return 77
    names = sorted(n for n in zoneinfo.available_timezones() if os.path.isfile(f"{FOLDER}/{n}"))
    if not names:
        print(f"{FOLDER} has no zones: nothing was compared")
        return 77
    zones = []
    for name in names:
        with open(f"{FOLDER}/{name}", "rb") as file:
            zones.append(zoneinfo.ZoneInfo.from_file(file, key=name))
    cases = max(int(os.environ.get("ITSM_CASES", 100000)), 1000000 if os.environ.get("ITSM_FULL") else 0)
    seed = os.environ.get("ITSM_SEED", "20260327")
    start, wrong, kinds, count = time.monotonic(), [], [0, 0, 0], 0
    with subprocess.Popen([program, str(cases), seed], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as answers:
        answers.stdin.write("\n".join(names).encode())
        answers.stdin.close()
        for line in answers.stdout:
            fields = line.split()
            fault = judge(zones, names, fields)
            if fault:
                wrong.append(fault)
            kinds[int(fields[6])] += 1
            count += 1
    print("".join(fault + "\n" for fault in wrong[:20]), end="")
    print(f"zoneinfo: {count} random instants and wall clocks (seed {seed}) in {len(names)} zones, {kinds[SKIPPED]} of "
          f"them skipped and {kinds[REPEATED]} repeated: {len(wrong)} differences, {time.monotonic() - start:.0f} s")
    enough = kinds[SKIPPED] * 1000 >= count and kinds[REPEATED] * 1000 >= count
    return int(bool(wrong) or answers.returncode != 0 or count != cases or not enough)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
