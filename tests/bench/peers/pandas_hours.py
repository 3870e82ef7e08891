# SPDX-License-Identifier: MIT
"""CustomBusinessHour of pandas.  It has no working time between two instants, and adds whole hours only."""
import sys

import pandas as pd

import peer

header, cases = peer.read(sys.argv[1])
zone = header["zone"][0]
clock = lambda s: "%02d:%02d" % (s // 3600, s // 60 % 60)
hours = [[clock(int(s)) for s in line.split(" ")] for line in header["hours"]]
names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
offset = pd.offsets.CustomBusinessHour(
    start=[h[0] for h in hours],
    end=[h[1] for h in hours],
    weekmask=" ".join(names[int(d)] for d in header["days"][0].split(" ")),
    holidays=header.get("holiday", []),
)

peer.run(
    "pandas %s CustomBusinessHour" % pd.__version__,
    cases,
    {
        "add": (
            lambda a, n: (pd.Timestamp(a, unit="s", tz="UTC").tz_convert(zone), n // 3600),
            lambda a, n: a + offset * n,
            lambda t: int(t.timestamp()),
        )
    },
)
