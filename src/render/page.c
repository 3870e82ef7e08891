/* SPDX-License-Identifier: MIT */
/*
 * The frame of every page: style, patterns, sections, folded tables, the outer element of a drawing.
 *
 * Colours are those of Okabe and Ito, darkened for white and lightened for black until text and marks keep a contrast
 * of 4.5 and 3 to 1.  What a colour says, a pattern, a mark or a word says too.  All drawings take their colours from
 * the style, so one drawing serves light, dark and paper.
 */
#include "render/page.h"

#include "base/text.h"

static const char *const STYLE[] = {
    ":root{color-scheme:light dark;--bg:#f6f6f4;--card:#fff;--ink:#1c2127;--soft:#58616b;--line:#dcdfe3;"
    "--grid:#e9ebee;--blue:#0068a8;--sky:#a9cfe8;--red:#bf4a00;--amber:#e69f00;--green:#007a5a;--plum:#9c4677;"
    "--wash:#eef4f9;--h0:#f1f3f5;--h1:#d8e7f3;--h2:#abcde6;--h3:#6fa8d2;--h4:#2b7cb8;--h5:#0a4f86;--hi:#fff;"
    "--hours:#e6eaef}",
    "@media(prefers-color-scheme:dark){:root{--bg:#101316;--card:#181c20;--ink:#e9ecef;--soft:#a3acb5;--line:#2d343b;"
    "--grid:#262c32;--blue:#62b3ea;--sky:#24506f;--red:#f08a4b;--amber:#f2b84b;--green:#43c7a0;--plum:#dd9cc3;"
    "--wash:#16232e;--h0:#1f252a;--h1:#19364d;--h2:#1c4d71;--h3:#22709f;--h4:#4a9fd6;--h5:#a5d6f7;--hi:#0c1116;"
    "--hours:#2a323a}}",
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}",
    "body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,"
    "\"Helvetica Neue\",Arial,sans-serif;overflow-wrap:break-word}",
    "main,header,footer{max-width:992px;margin:0 auto;padding:0 16px}",
    "header{padding-top:48px}h1{font-size:clamp(1.65rem,1.2rem + 2vw,2.3rem);line-height:1.2;margin:0 0 8px;"
    "font-weight:680;letter-spacing:-.015em}",
    "h2{font-size:1.28rem;line-height:1.3;margin:0 0 6px;font-weight:660;letter-spacing:-.008em}"
    "h3{font-size:1rem;line-height:1.35;margin:0;font-weight:620}",
    "p{margin:0 0 12px;max-width:68ch}.soft,.note,header p,footer{color:var(--soft)}.note{font-size:.875rem}"
    "b,strong{font-weight:640}",
    "header p{margin:0}code{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
    "overflow-wrap:anywhere}",
    "nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:20px 0 0;font-size:.9rem}a{color:var(--blue);"
    "text-underline-offset:3px;text-decoration-thickness:1px}",
    "section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:28px 32px;margin:24px 0}",
    ".key{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;background:var(--line);border:1px solid "
    "var(--line);border-radius:14px;overflow:hidden;margin:28px 0 24px}.key div{background:var(--card);"
    "padding:18px 20px}",
    ".key dt{font-size:.84rem;color:var(--soft)}.key dd{margin:2px 0 0;font-size:1.72rem;line-height:1.2;"
    "font-weight:640;letter-spacing:-.015em;font-variant-numeric:tabular-nums}.key small{display:block;"
    "font-size:.8rem;line-height:1.4;font-weight:400;letter-spacing:0;color:var(--soft);margin-top:4px}",
    ".panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,264px),1fr));gap:28px 32px;"
    "margin:20px 0 8px}.pair{grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr))}"
    ".panels p{margin:0;font-size:.875rem;color:var(--soft);font-variant-numeric:tabular-nums}",
    "figure{margin:20px 0 8px}svg{display:block;width:100%;height:auto;overflow:visible}svg.narrow{display:none}"
    "svg.defs{position:absolute;width:0;height:0}",
    "svg text{font:12px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif;"
    "fill:var(--soft);font-variant-numeric:tabular-nums}",
    "svg .m{text-anchor:middle}svg .e{text-anchor:end}svg .k{fill:var(--ink)}svg .s{font-size:11px}"
    "svg .halo{paint-order:stroke;stroke:var(--card);stroke-width:5px;stroke-linejoin:round}",
    ".grid{stroke:var(--grid)}.axis{stroke:var(--line)}.fb{fill:var(--blue)}.fs{fill:var(--sky)}.fg{fill:var(--green)}"
    ".fr{fill:var(--red)}.fa{fill:var(--amber)}.hb{fill:url(#hb)}.hr{fill:url(#hr)}.hs{fill:url(#hs)}"
    ".hollow{fill:var(--card);stroke:var(--blue)}.gap{opacity:.62}.open{fill:var(--hours)}",
    ".goal{stroke:var(--ink);stroke-width:1.25;stroke-dasharray:5 4;fill:none}.mark{stroke:var(--ink);"
    "stroke-width:1.5;fill:none}.due{stroke:var(--red);stroke-width:1.75;fill:none}"
    ".line{stroke:var(--blue);stroke-width:2;fill:none;stroke-linejoin:round}"
    ".line2{stroke:var(--soft);stroke-width:1.5;fill:none;stroke-dasharray:2 3}",
    ".q0{fill:var(--h0)}.q1{fill:var(--h1)}.q2{fill:var(--h2)}.q3{fill:var(--h3)}.q4{fill:var(--h4)}.q5{fill:var(--h5)}"
    "svg .o0,svg .o1,svg .o2{fill:var(--ink)}svg .o3{fill:#0b1116}svg .o4,svg .o5{fill:var(--hi)}",
    "@media(prefers-color-scheme:dark){svg .o3{fill:#fff}}",
    ".legend{display:flex;flex-wrap:wrap;gap:6px 22px;list-style:none;margin:14px 0 0;padding:0;font-size:.875rem;"
    "color:var(--soft)}.legend li{display:flex;align-items:center;gap:8px}.legend svg{width:22px;height:14px;"
    "flex:none}",
    "details{margin:14px 0 0}summary{cursor:pointer;color:var(--blue);font-size:.9rem;width:fit-content}"
    "summary:focus-visible,a:focus-visible{outline:2px solid var(--blue);outline-offset:3px;border-radius:3px}",
    ".scroll{overflow-x:auto;margin:10px 0 4px;-webkit-overflow-scrolling:touch}"
    ".scroll:focus-visible{outline:2px solid var(--blue);outline-offset:3px}",
    "table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.45;font-variant-numeric:tabular-nums}"
    "th,td{padding:7px 14px 7px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}"
    "th:last-child,td:last-child{padding-right:0}",
    "thead th{font-size:.8rem;font-weight:560;color:var(--soft);vertical-align:bottom}tbody th{font-weight:560}"
    "tfoot th,tfoot td{font-weight:640;border-bottom:0}.n{text-align:right;white-space:nowrap}th.n{white-space:normal}"
    ".w{white-space:nowrap}",
    ".bars{list-style:none;margin:18px 0 8px;padding:0;display:grid;gap:14px}.bars li{display:grid;"
    "grid-template-columns:minmax(150px,210px) 1fr 150px;gap:2px 18px;align-items:center;"
    "font-variant-numeric:tabular-nums}.bars small{color:var(--soft);font-size:.8rem}.bars .v{text-align:right}"
    ".bars svg{height:14px;border-radius:3px;background:var(--h0)}",
    ".case{border-top:1px solid var(--line);padding:20px 0 4px;margin-top:20px}.case h3 span{font-weight:400;"
    "color:var(--soft)}.facts{display:grid;grid-template-columns:repeat(4,1fr);gap:10px 20px;"
    "margin:14px 0}.facts dt{font-size:.8rem;color:var(--soft)}.facts dd{margin:0;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}",
    ".late{color:var(--red);font-weight:640}.empty{color:var(--soft);margin:16px 0 0}footer{font-size:.86rem;"
    "padding-bottom:56px}footer dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:12px 0}"
    "h3+.soft{margin-top:4px}.after{margin-top:28px}.legend+.note{margin-top:14px}caption{text-align:left;"
    "color:var(--soft);padding:6px 0}footer h2{color:var(--ink)}footer dt{color:var(--soft)}footer dd{margin:0;"
    "color:var(--ink);min-width:0;overflow-wrap:anywhere}",
    "@media(max-width:759px){svg.wide{display:none}svg.narrow{display:block;max-width:520px;margin:0 auto}"
    "header{padding-top:28px}section{padding:22px 16px;margin:16px 0;border-radius:12px}main,header,footer"
    "{padding-left:12px;padding-right:12px}header h1,header p,header nav{margin-left:4px}"
    ".key{grid-template-columns:1fr 1fr;margin:20px 0 16px}.key div{padding:14px 16px}.key dd{font-size:1.42rem}",
    ".scroll table{font-size:.82rem}.scroll th,.scroll td{padding-right:10px}"
    ".facts{grid-template-columns:repeat(auto-fill,minmax(148px,1fr))}"
    ".bars li{grid-template-columns:1fr auto}.bars li svg{grid-column:1/-1;"
    "grid-row:2}"
    ".stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.stack,.stack tbody,"
    ".stack tfoot,.stack tr,.stack td,.stack th{display:block;text-align:left;white-space:normal}"
    ".stack tr{border-bottom:1px solid var(--line);padding:9px 0}.stack td,.stack tbody th{border:0;padding:1px 0}"
    ".stack td[data-l]::before{content:attr(data-l);color:var(--soft);font-size:.8rem;display:inline-block;"
    "min-width:84px;margin-right:8px}footer dl{grid-template-columns:1fr;gap:0}footer dd{margin-bottom:8px}}",
    "@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#ddd;--blue:#0068a8;"
    "--sky:#a9cfe8;--red:#bf4a00}body{font-size:11pt}section,.key{break-inside:avoid;border-color:#bbb}"
    "section.long{break-inside:auto}.case,tr{break-inside:avoid}nav{display:none}*{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}svg.wide{display:block}svg.narrow{display:none}}",
};

/* Hatches: what is beyond a goal (rising lines) and what is paused (falling lines). */
static const char PATTERNS[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"defs\" aria-hidden=\"true\" focusable=\"false\"><defs>"
    "<pattern id=\"hr\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect width=\"6\" height=\"6\" class=\"fr\" opacity=\".28\"/><rect width=\"2.6\" height=\"6\" class=\"fr\"/>"
    "</pattern>"
    "<pattern id=\"hb\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\">"
    "<rect width=\"6\" height=\"6\" class=\"fb\" opacity=\".22\"/><rect width=\"2\" height=\"6\" class=\"fb\"/>"
    "</pattern>"
    "<pattern id=\"hs\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\">"
    "<rect width=\"6\" height=\"6\" class=\"fa\" opacity=\".22\"/><rect width=\"2\" height=\"6\" class=\"fa\"/>"
    "</pattern></defs></svg>\n";

void itsm__page_begin(itsm__markup *m, itsm_str title)
{
    itsm__put(m,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
              "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>%e</title>\n<style>\n",
              title);
    for (size_t i = 0; i < sizeof STYLE / sizeof STYLE[0]; i++) itsm__put(m, "%s\n", STYLE[i]);
    itsm__put(m, "</style>\n</head>\n<body>\n%s", PATTERNS);
}

void itsm__page_end(itsm__markup *m)
{
    itsm__put(m, "</body>\n</html>\n");
}

void itsm__section_begin(itsm__markup *m, const char *id, const char *heading)
{
    itsm__put(m, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n", id, id, id, heading);
}

void itsm__section_end(itsm__markup *m)
{
    itsm__put(m, "</section>\n");
}

void itsm__table_begin(itsm__markup *m, const char *summary)
{
    itsm__put(m,
              "<details><summary>%s</summary>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
              "aria-label=\"%s\"><table>\n",
              summary, summary);
}

void itsm__table_end(itsm__markup *m)
{
    itsm__put(m, "</table></div></details>\n");
}

void itsm__svg_begin(itsm__markup *m, const itsm__frame *frame, const char *shown, const char *title,
                     const char *description)
{
    int id = ++m->ids;
    itsm__put(m,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"%s\" viewBox=\"0 0 %t %t\" role=\"img\" "
              "aria-labelledby=\"t%d d%d\"><title id=\"t%d\">%s</title><desc id=\"d%d\">%s</desc>\n",
              shown, frame->width, frame->height, id, id, id, title, id, description);
}

void itsm__svg_end(itsm__markup *m)
{
    itsm__put(m, "</svg>\n");
}

void itsm__text_at(itsm__markup *m, int64_t x, int64_t y, const char *classes)
{
    itsm__put(m, "<text x=\"%t\" y=\"%t\" class=\"%s\">", x, y, classes);
}
