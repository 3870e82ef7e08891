#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
# Business::Hours, the module of Request Tracker.  peer.sh says how cases and answers are written.
use strict;
use warnings;
use Business::Hours;
use POSIX ();
use Time::HiRes ();

my ($budget, $passes, $enough) = (0.2, 5, 2);    # seconds of one pass; passes; seconds of all

my (@days, @hours, @holidays, %cases, @keys, $group);
open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
while (<$file>) {
    my ($word, @rest) = split;
    if    ($word eq 'zone')    { $ENV{TZ} = $rest[0]; POSIX::tzset() }
    elsif ($word eq 'days')    { @days = @rest }
    elsif ($word eq 'hours')   { push @hours, [map { sprintf '%d:%02d', $_ / 3600, $_ / 60 % 60 } @rest] }
    elsif ($word eq 'holiday') { push @holidays, $rest[0] }
    elsif ($word eq 'group')   { $group = $rest[0] }
    else {
        my $key = "$group $word";
        push @keys, $key unless $cases{$key};
        push @{ $cases{$key} }, [@rest];
    }
}

# A day has one interval, and breaks in it.
my %week;
for my $day (@days) {
    my %span = (Name => $day, Start => $hours[0][0], End => $hours[-1][1]);
    $span{Breaks} = [map { { Start => $hours[$_ - 1][1], End => $hours[$_][0] } } 1 .. $#hours] if @hours > 1;
    $week{ ($day + 1) % 7 } = \%span;    # 0 is Sunday
}
my $hours = Business::Hours->new;
$hours->business_hours(%week);
$hours->holidays(@holidays) if @holidays;

my %operations = (
    # its spans include their last second
    between => sub { $hours->for_timespan(Start => $_[0], End => $_[1] - 1)->cardinality },
    add     => sub { my $at = $hours->add_seconds(@_); defined $at && $at >= 0 ? $at : undef },
);

sub now { Time::HiRes::clock() }

print "peer Business::Hours $Business::Hours::VERSION\n";
for my $key (@keys) {
    my $call = $operations{ (split ' ', $key)[1] } or next;
    my @results;
    my $begin = now();
    for my $case (@{ $cases{$key} }) {
        push @results, scalar eval { $call->(@$case) };
        last if now() - $begin > $budget;
    }
    my $first = now() - $begin;
    my @given = @{ $cases{$key} }[0 .. $#results];
    my @times = $first > $enough ? ($first) : ();
    my $total = $first > $enough ? $first : 0;
    while (@times < $passes && $total < $enough) {
        $begin = now();
        eval { $call->(@$_) } for @given;
        push @times, now() - $begin;
        $total += $times[-1];
    }
    @times = sort { $a <=> $b } @times;
    print "time $key ", $times[@times / 2] / @given * 1e9, ' ', scalar @given, "\n";
    print defined $_ ? $_ : '-', "\n" for @results;
}
