#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""picture.py PAGE > timeline.svg: take the timeline out of a page written by `itsm replay --html --record`, as a picture
that stands alone.  The target docs_picture makes docs/images/timeline.svg with it."""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    page = file.read()
style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
# Everything but what lays out the page: colours, classes of shapes, texts.
rules = re.findall(r"@media\(prefers-color-scheme:dark\)\{:root\{[^}]*\}\}|(?:^|(?<=\}))(?::root|svg (?:text|\.)|\.[\w, .]+)[^{}]*\{[^{}]*\}",
                   re.sub(r"@media(?!\(prefers-color-scheme:dark\)\{:root)[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", style), re.M)
defs = re.search(r"<defs>.*?</defs>", page, re.S).group()
section = page[page.index('id="record"'):]
number = re.search(r"<h2[^>]*>(.*?)</h2>", section).group(1)
facts = dict(re.findall(r"<dt>(\w+)</dt><dd[^>]*>(.*?)</dd>", section[:section.index("</dl>")]))
width, height, inside = re.search(r'<svg [^>]*class="wide" viewBox="0 0 (\d+) (\d+)"[^>]*>(.*?)</svg>', section, re.S).groups()
inside = re.sub(r"<(title|desc) id=\"[^\"]*\"", r"<\1", inside)
used = set(re.findall(r"[\w-]+", " ".join(re.findall(r'class="([^"]*)"', inside + defs)))) | {"text", "root", "defs"}
rules = [rule for rule in rules if any(name in used for name in re.findall(r"[\w-]+", rule.split("{")[0])) or "@media" in rule]
title = f"{number}: {facts['Used']} hours of working time used of {facts['Goal']}, {facts['Paused']} paused"
legend, x = "", 0
for kind, text in (("open", "open hours"), ("fb", "clock runs"), ("hs", "pending, clock paused"), ("hr", "over the goal")):
    legend += f'<rect x="{x}" y="-9" width="22" height="11" class="{kind}"/><text x="{x + 29}" y="1">{text}</text>'
    x += 29 + 8 * len(text)
print(f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {int(width) + 48} {int(height) + 104}" role="img">
<!-- SPDX-License-Identifier: MIT; written by docs/picture.py -->
<style>{chr(10).join(rules)}</style>
{defs}
<rect x=".5" y=".5" width="{int(width) + 47}" height="{int(height) + 103}" rx="14" style="fill:var(--card);stroke:var(--line)"/>
<text x="24" y="34" style="font-size:15px;font-weight:640;fill:var(--ink)">{title}</text>
<g transform="translate(24 52)">{inside}</g>
<g transform="translate(24 {int(height) + 84})">{legend}</g>
</svg>""")
