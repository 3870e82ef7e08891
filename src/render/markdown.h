/* SPDX-License-Identifier: MIT */
/*
 * Texts in Markdown, in tables too: nothing in them can end the cell, the code or the line they stand in.
 */
#ifndef ITSM_SRC_RENDER_MARKDOWN_H
#define ITSM_SRC_RENDER_MARKDOWN_H

#include "render/markup.h"

/* As it stands; the first failure stays in the writer. */
void itsm__md_add(itsm__markup *m, itsm_str text);
/* Plain text: what Markdown gives a meaning is escaped. */
void itsm__md_text(itsm__markup *m, itsm_str text);
/* Code; backquotes and control characters are left out. */
void itsm__md_code(itsm__markup *m, itsm_str text);

#endif
