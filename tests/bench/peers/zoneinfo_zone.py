# SPDX-License-Identifier: MIT
"""zoneinfo of Python's standard library."""
import datetime
import platform
import sys
import zoneinfo

import peer

header, cases = peer.read(sys.argv[1])
zones = [zoneinfo.ZoneInfo(name) for name in header["zone"]]
utc, epoch = datetime.timezone.utc, datetime.datetime(1970, 1, 1)
zero = epoch.replace(tzinfo=utc)

peer.run(
    "Python %s zoneinfo" % platform.python_version(),
    cases,
    {
        "utc": (
            lambda zone, a: (zero + datetime.timedelta(seconds=a), zones[zone]),
            lambda at, zone: at.astimezone(zone),
            lambda local: int(local.utcoffset().total_seconds()),
        ),
        "local": (
            lambda zone, wall: ((epoch + datetime.timedelta(seconds=wall)).replace(tzinfo=zones[zone]),),
            lambda local: local.astimezone(utc),
            lambda at: (at - zero) // datetime.timedelta(seconds=1),
        ),
    },
)
