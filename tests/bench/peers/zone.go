// SPDX-License-Identifier: MIT

// The time package of Go: the offset at an instant, an instant of a civil time.  peer.sh says how cases are written.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const passes = 7

type civil struct {
	year, day, hour, minute, second int
	month                           time.Month
}

type given struct {
	zone *time.Location
	at   time.Time
	wall civil
}

type cases struct {
	group, operation string
	all              []given
}

func now() float64 {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func prepare(zone *time.Location, seconds int64) given {
	t := time.Unix(seconds, 0).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return given{zone, t, civil{year, day, hour, minute, second, month}}
}

func offset(g given) int64 {
	_, offset := g.at.In(g.zone).Zone()
	return int64(offset)
}

func instant(g given) int64 {
	w := &g.wall
	return time.Date(w.year, w.month, w.day, w.hour, w.minute, w.second, 0, g.zone).Unix()
}

func read(path string) (groups []*cases) {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	var zones []*time.Location
	group := ""
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "zone":
			zone, err := time.LoadLocation(words[1])
			if err != nil {
				panic(err)
			}
			zones = append(zones, zone)
		case "group":
			group = words[1]
		default:
			zone, _ := strconv.Atoi(words[1])
			seconds, _ := strconv.ParseInt(words[2], 10, 64)
			i := slices.IndexFunc(groups, func(c *cases) bool { return c.group == group && c.operation == words[0] })
			if i < 0 {
				i = len(groups)
				groups = append(groups, &cases{group: group, operation: words[0]})
			}
			groups[i].all = append(groups[i].all, prepare(zones[zone], seconds))
		}
	}
	return groups
}

func main() {
	groups := read(os.Args[1])
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintln(out, "peer", strings.Replace(runtime.Version(), "go", "Go ", 1), "time")
	for _, c := range groups {
		call := offset
		if c.operation == "local" {
			call = instant
		}
		results := make([]int64, len(c.all))
		var times []float64
		for range passes {
			begin := now()
			for i, g := range c.all {
				results[i] = call(g)
			}
			times = append(times, now()-begin)
		}
		slices.Sort(times)
		fmt.Fprintln(out, "time", c.group, c.operation, times[passes/2]/float64(len(results))*1e9, len(results))
		for _, result := range results {
			fmt.Fprintln(out, result)
		}
	}
}
