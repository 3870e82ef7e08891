// SPDX-License-Identifier: MIT
// cctz: an instant to its civil time, a civil time to its (first) instant.
#include "peer.hpp"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

int main(int, char **argv)
{
    using instant = cctz::time_point<cctz::seconds>;
    const peer::input in = peer::read(argv[1]);
    std::vector<cctz::time_zone> zones(in.zones.size());
    for (std::size_t i = 0; i < zones.size(); i++)
        if (!cctz::load_time_zone(in.zones[i], &zones[i])) return 1;
    std::cout << "peer cctz\n";
    for (const peer::cases &c : in.all) {
        if (c.operation == "utc")
            peer::run(
                c, [&](std::int64_t z, std::int64_t t) { return std::make_pair(z, instant(cctz::seconds(t))); },
                [&](const auto &given) -> std::int64_t {
                    const auto found = zones[std::size_t(given.first)].lookup(given.second);
                    return found.offset + (found.cs.day() & 0);
                });
        else
            peer::run(
                c,
                [&](std::int64_t z, std::int64_t wall) { return std::make_pair(z, cctz::civil_second() + wall); },
                [&](const auto &given) -> std::int64_t {
                    return zones[std::size_t(given.first)].lookup(given.second).pre.time_since_epoch().count();
                });
    }
}
