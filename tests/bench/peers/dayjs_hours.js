// SPDX-License-Identifier: MIT
// dayjs-business-time: minutes are its finest unit.
'use strict';
const peer = require('./peer.js');
const { calendar, cases } = peer.read(process.argv[2]);
const dayjs = require('dayjs');
dayjs.extend(require('dayjs-business-time'));

const names = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const hours = calendar.hours.map(([start, end]) => ({ start, end }));
dayjs.setBusinessTime(Object.fromEntries(names.map((name, day) => [name, calendar.days.includes(day) ? hours : null])));
dayjs.setHolidays(calendar.holidays);

peer.run('dayjs-business-time ' + require('dayjs-business-time/package.json').version, cases, {
    between: [
        (a, b) => [dayjs.unix(a), dayjs.unix(b)],
        ([a, b]) => a.businessMinutesDiff(b),
        (minutes) => minutes * 60,
    ],
    add: [
        (a, n) => [dayjs.unix(a), n / 3600],
        ([a, n]) => a.addBusinessHours(n),
        (at) => at.unix(),
    ],
});
