// SPDX-License-Identifier: MIT
// What the peers in C++ share: reading the cases (peer.sh says how they are written), timing, printing answers.
#ifndef ITSM_BENCH_PEER_HPP
#define ITSM_BENCH_PEER_HPP

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace peer {

constexpr int passes = 7;

struct cases {
    std::string group, operation;
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
};

struct input {
    std::vector<std::string> zones;
    std::vector<cases> all;
};

inline input read(const char *path)
{
    std::ifstream file(path);
    std::string word, group;
    input in;
    while (file >> word) {
        std::int64_t a, b;
        if (word == "zone") {
            file >> word;
            in.zones.push_back(word);
        } else if (word == "group") {
            file >> group;
        } else if (file >> a >> b) {
            auto same = [&](const cases &c) { return c.group == group && c.operation == word; };
            auto found = std::find_if(in.all.begin(), in.all.end(), same);
            if (found == in.all.end()) found = in.all.insert(found, cases{group, word, {}});
            found->pairs.emplace_back(a, b);
        }
    }
    return in;
}

inline double now()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

// prepare(a, b) -> given; call(given) -> int64_t
template <typename Prepare, typename Call> void run(const cases &c, Prepare prepare, Call call)
{
    std::vector<decltype(prepare(0, 0))> given;
    std::vector<std::int64_t> results(c.pairs.size());
    std::vector<double> times;
    for (const auto &p : c.pairs) given.push_back(prepare(p.first, p.second));
    for (int pass = 0; pass < passes; pass++) {
        const double begin = now();
        for (std::size_t i = 0; i < given.size(); i++) results[i] = call(given[i]);
        times.push_back(now() - begin);
    }
    std::sort(times.begin(), times.end());
    const double ns = times[passes / 2] / double(given.size()) * 1e9;
    std::cout << "time " << c.group << ' ' << c.operation << ' ' << ns << ' ' << given.size() << '\n';
    for (std::int64_t result : results) std::cout << result << '\n';
}

} // namespace peer

#endif
