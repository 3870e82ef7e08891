# SPDX-License-Identifier: MIT
"""businesstimedelta: rules for each interval of the day, and one for the holidays."""
import datetime
import sys
from importlib.metadata import version

import businesstimedelta as btd
import pytz

import peer

header, cases = peer.read(sys.argv[1])
zone = pytz.timezone(header["zone"][0])
days = [int(d) for d in header["days"][0].split(" ")]
clock = lambda s: datetime.time(int(s) // 3600, int(s) // 60 % 60)
rules = []
for line in header["hours"]:
    start, end = line.split(" ")
    rules.append(btd.WorkDayRule(start_time=clock(start), end_time=clock(end), working_days=days, tz=zone))
if "holiday" in header:
    rules.append(btd.HolidayRule({datetime.date.fromisoformat(d) for d in header["holiday"]}, tz=zone))
rules = btd.Rules(rules)
instant = lambda a: datetime.datetime.fromtimestamp(a, pytz.utc).astimezone(zone)

peer.run(
    "businesstimedelta %s" % version("businesstimedelta"),
    cases,
    {
        "between": (
            lambda a, b: (instant(a), instant(b)),
            rules.difference,
            lambda d: d.hours * 3600 + d.seconds,
        ),
        "add": (
            lambda a, n: (instant(a), btd.BusinessTimeDelta(rules, hours=n // 3600)),
            lambda a, n: a + n,
            lambda t: int(t.timestamp()),
        ),
    },
)
