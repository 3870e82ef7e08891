// SPDX-License-Identifier: MIT
// What the peers in JavaScript share: reading the cases (peer.sh says how they are written), timing, printing answers.
'use strict';
const fs = require('fs');

const BUDGET = 0.2; // seconds of one pass
const PASSES = 5;
const ENOUGH = 2; // seconds of all passes: fewer of them where one call takes that long

const now = () => {
    const used = process.cpuUsage();
    return (used.user + used.system) / 1e6;
};

const clock = (seconds) => [seconds / 3600, seconds / 60 % 60, 0]
    .map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');

exports.read = (path) => {
    const calendar = { zones: [], days: [], hours: [], holidays: [] };
    const cases = new Map();
    let group = '';
    for (const line of fs.readFileSync(path, 'utf8').trimEnd().split('\n')) {
        const [word, ...rest] = line.split(' ');
        if (word === 'zone') calendar.zones.push(rest[0]);
        else if (word === 'days') calendar.days = rest.map(Number);
        else if (word === 'hours') calendar.hours.push(rest.map(Number).map(clock));
        else if (word === 'holiday') calendar.holidays.push(rest[0]);
        else if (word === 'group') group = rest[0];
        else {
            const key = group + ' ' + word;
            if (!cases.has(key)) cases.set(key, []);
            cases.get(key).push(rest.map(Number));
        }
    }
    process.env.TZ = calendar.zones[0];
    return { calendar, cases };
};

// operations: {name: [prepare(a, b) -> arguments, call(arguments), answer(result)]}
exports.run = (name, cases, operations) => {
    const out = ['peer ' + name];
    for (const [key, pairs] of cases) {
        const operation = operations[key.split(' ')[1]];
        if (!operation) continue;
        const [prepare, call, answer] = operation;
        const guarded = (given) => {
            try {
                return call(given);
            } catch (error) {
                return null; // an exception is an answer too: none
            }
        };
        let given = pairs.map(([a, b]) => prepare(a, b));
        const results = [];
        let begin = now();
        for (const one of given) {
            results.push(guarded(one));
            if (now() - begin > BUDGET) break;
        }
        const first = now() - begin;
        given = pairs.slice(0, results.length).map(([a, b]) => prepare(a, b));
        const times = first > ENOUGH ? [first] : [];
        let total = first > ENOUGH ? first : 0;
        while (times.length < PASSES && total < ENOUGH) {
            begin = now();
            for (const one of given) guarded(one);
            times.push(now() - begin);
            total += times[times.length - 1];
        }
        times.sort((a, b) => a - b);
        out.push(`time ${key} ${times[times.length >> 1] / given.length * 1e9} ${given.length}`);
        for (const result of results) {
            const value = result === null ? NaN : answer(result);
            out.push(Number.isFinite(value) ? String(Math.round(value)) : '-');
        }
    }
    fs.writeSync(1, out.join('\n') + '\n');
};
