/* SPDX-License-Identifier: MIT */
/*
 * A lifecycle in one of its forms.  Each form is a function that writes straight on; what was written stays, or the
 * buffer is as it was.
 */
#include "render/lifecycle.h"

#include "base/ctx.h"
#include "model/model.h"

static itsm_status render(itsm__markup *m, itsm_ctx *ctx, const itsm_machine *machine, uint32_t format,
                          uint32_t edition)
{
    switch (format) {
    case ITSM_LIFECYCLE_TABLE: itsm__lifecycle_table(m, machine, edition); break;
    case ITSM_LIFECYCLE_MARKDOWN: itsm__lifecycle_markdown(m, machine, edition); break;
    case ITSM_LIFECYCLE_MERMAID: itsm__lifecycle_mermaid(m, machine, edition); break;
    case ITSM_LIFECYCLE_DOT: itsm__lifecycle_dot(m, machine, edition); break;
    case ITSM_LIFECYCLE_SVG: return itsm__lifecycle_svg(m, ctx, machine, edition);
    case ITSM_LIFECYCLE_JSON: return itsm__machine_encode(m->out, machine);
    default: return ITSM_E_MISUSE;
    }
    return m->status;
}

itsm_status itsm_render_lifecycle(itsm_buf *out, itsm_ctx *ctx, const itsm_machine *machine, uint32_t format,
                                  const itsm_lifecycle_options *options)
{
    itsm_lifecycle_options o = ITSM_LIFECYCLE_OPTIONS_INIT;
    itsm__issues_clear(ctx);
    if (!out || !machine || !machine->nstates || !machine->type || (options && !options->size)) return ITSM_E_MISUSE;
    if (options) memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (o.edition != 2011 && o.edition != 2018) return ITSM_E_MISUSE;
    itsm__markup m = {out, NULL, ITSM_OK, 0};
    size_t before = out->n;
    itsm_status rc = render(&m, ctx, machine, format, o.edition);
    if (rc != ITSM_OK) out->n = before;
    return rc;
}
