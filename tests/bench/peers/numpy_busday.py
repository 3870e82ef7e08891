# SPDX-License-Identifier: MIT
"""busday_count and busday_offset of numpy over whole arrays: days only, no hours and no zone."""
import statistics
import sys
import time

import numpy as np

with open(sys.argv[1]) as file:
    head, body = file.read().split("group ", 1)
group, body = body.split("\n", 1)
lines = [line.split(" ", 1) for line in head.splitlines()]
days = next(rest for word, rest in lines if word == "days").split(" ")
calendar = np.busdaycalendar(
    weekmask=[str(d) in days for d in range(7)], holidays=[rest for word, rest in lines if word == "holiday"]
)
numbers = np.array(body.replace("between ", "").replace("add ", "").split(), dtype="int64").reshape(2, -1, 2)
between, add = numbers
first, last = (between[:, i].astype("datetime64[D]") for i in (0, 1))
start, count = add[:, 0].astype("datetime64[D]"), add[:, 1].copy()


def show(operation, call):
    times = []
    for _ in range(6):
        begin = time.process_time()
        result = call()
        times.append(time.process_time() - begin)
    print("time", group, operation, statistics.median(times[1:]) / len(result) * 1e9, len(result))
    print("\n".join(map(str, result.astype("int64").tolist())))


print("peer numpy", np.__version__, "busday, whole days")
show("between", lambda: np.busday_count(first, last, busdaycal=calendar))
show("add", lambda: np.busday_offset(start, count, roll="forward", busdaycal=calendar))
