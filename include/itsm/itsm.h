/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/itsm.h
 * All of libitsm in one include.
 */
#ifndef ITSM_ITSM_H
#define ITSM_ITSM_H

#include <itsm/audit.h>
#include <itsm/base.h>
#include <itsm/calendar.h>
#include <itsm/interchange.h>
#include <itsm/lifecycle.h>
#include <itsm/model.h>
#include <itsm/os.h>
#include <itsm/record.h>
#include <itsm/render.h>
#include <itsm/report.h>
#include <itsm/sla.h>
#include <itsm/sms.h>
#include <itsm/store.h>
#include <itsm/time.h>
#include <itsm/version.h>

#endif
