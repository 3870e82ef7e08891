// SPDX-License-Identifier: MIT
// moment-business-time.
'use strict';
const peer = require('./peer.js');
const { calendar, cases } = peer.read(process.argv[2]);
const moment = require('moment');
require('moment-business-time');

const workinghours = {};
for (let day = 0; day < 7; day++)
    workinghours[day] = calendar.days.includes((day + 6) % 7) ? calendar.hours.flat() : null; // 0 is Sunday
moment.updateLocale('en', { workinghours, holidays: calendar.holidays });

peer.run('moment-business-time ' + require('moment-business-time/package.json').version, cases, {
    between: [
        (a, b) => [moment.unix(a), moment.unix(b)],
        ([a, b]) => b.workingDiff(a, 'seconds'),
        (seconds) => seconds,
    ],
    add: [
        (a, n) => [moment.unix(a), n / 3600],
        ([a, n]) => a.clone().addWorkingTime(n, 'hours'), // it changes what it is called on
        (at) => at.unix(),
    ],
});
