/* SPDX-License-Identifier: MIT */
/* The service report on a terminal. */
#ifndef ITSM_SRC_CLI_SUMMARY_H
#define ITSM_SRC_CLI_SUMMARY_H

#include "cli/cli.h"

itsm_status print_summary(itsm_buf *out, const itsm_report_figures *figures, const itsm_replay_counts *counts,
                          itsm_span spent);

#endif
