// SPDX-License-Identifier: MIT
// The date library of Howard Hinnant, which became that of C++20: the offset at an instant, the (first) instant of a
// wall clock.
#include "peer.hpp"

#include <date/tz.h>

int main(int, char **argv)
{
    using std::chrono::seconds;
    const peer::input in = peer::read(argv[1]);
    std::vector<const date::time_zone *> zones;
    for (const std::string &name : in.zones) zones.push_back(date::locate_zone(name));
    std::cout << "peer date (Hinnant)\n";
    for (const peer::cases &c : in.all) {
        if (c.operation == "utc")
            peer::run(
                c,
                [&](std::int64_t z, std::int64_t t) {
                    return std::make_pair(zones[std::size_t(z)], date::sys_seconds(seconds(t)));
                },
                [](const auto &given) -> std::int64_t { return given.first->get_info(given.second).offset.count(); });
        else
            peer::run(
                c,
                [&](std::int64_t z, std::int64_t wall) {
                    return std::make_pair(zones[std::size_t(z)], date::local_seconds(seconds(wall)));
                },
                [](const auto &given) -> std::int64_t {
                    const auto found = given.first->get_info(given.second);
                    return (given.second.time_since_epoch() - found.first.offset).count();
                });
    }
}
