/* SPDX-License-Identifier: MIT */
/*
 * The tickets of an old help desk as incidents: which column is which field, and its status list as states.  This table
 * is all that a backend over the help desk's database has to know; what it says is checked against the model in define().
 *
 * Columns without a field (`room`) are the old application's own.  Fields without a column are kept beside the ticket.
 */
#ifndef ITSM_EXAMPLES_HELPDESK_TICKETS_H
#define ITSM_EXAMPLES_HELPDESK_TICKETS_H

#include <itsm/model.h>
#include <stdio.h>

/* [mapping] */
enum { TICKET_SECONDS = 1 }; /* times are seconds in the column */

typedef struct ticket_column {
    const char *column, *field;
    uint16_t kind; /* of the field */
    int convert;
} ticket_column;

static const ticket_column ticket_columns[] = {
    {"subject", "title", ITSM_TEXT, 0},
    {"details", "description", ITSM_TEXT, 0},
    {"requester", "reporter", ITSM_PARTY, 0},
    {"team", "assignment_group", ITSM_PARTY, 0},
    {"agent", "assignee", ITSM_PARTY, 0},
    {"impact", "impact", ITSM_INT, 0},
    {"urgency", "urgency", ITSM_INT, 0},
    {"opened", "created_at", ITSM_TIME, TICKET_SECONDS},
    {"changed", "updated_at", ITSM_TIME, TICKET_SECONDS},
    {"changed_by", "updated_by", ITSM_PARTY, 0},
};

typedef struct ticket_status {
    const char *status, *state;
} ticket_status;

static const ticket_status ticket_statuses[] = {
    {"Open", "new"},        {"Queued", "assigned"}, {"Working", "in_progress"}, {"Waiting", "pending"},
    {"Solved", "resolved"}, {"Closed", "closed"},   {"Dropped", "cancelled"},
};
/* [mapping] */

enum {
    TICKET_COLUMNS = sizeof ticket_columns / sizeof ticket_columns[0],
    TICKET_STATUSES = sizeof ticket_statuses / sizeof ticket_statuses[0]
};

static inline const char *ticket_state_of(const char *status)
{
    for (size_t i = 0; status && i < TICKET_STATUSES; i++)
        if (!strcmp(ticket_statuses[i].status, status)) return ticket_statuses[i].state;
    return NULL;
}

static inline const char *ticket_status_of(itsm_str state)
{
    for (size_t i = 0; i < TICKET_STATUSES; i++)
        if (itsm_str_is(state, ticket_statuses[i].state)) return ticket_statuses[i].status;
    return NULL;
}

static inline itsm_status tickets_unfit(char *message, size_t size, const char *what, itsm_str name)
{
    snprintf(message, size, "tickets: %s \"%.*s\"", what, ITSM_ARG(name));
    return ITSM_E_UNSUPPORTED;
}

/* Every field is there and of the kind of its column; status and state belong to each other one to one. */
static inline itsm_status tickets_check(const itsm_type_def *type, char *message, size_t size)
{
    const itsm_machine *machine = &type->machines[0];
    for (size_t i = 0; i < TICKET_COLUMNS; i++) {
        const itsm_field_def *field = itsm_type_field(type, itsm_str_c(ticket_columns[i].field));
        if (!field || field->list || field->kind != ticket_columns[i].kind)
            return tickets_unfit(message, size, "a column has no such field", itsm_str_c(ticket_columns[i].field));
    }
    for (size_t i = 0; i < machine->nstates; i++)
        if (!ticket_status_of(machine->states[i].name))
            return tickets_unfit(message, size, "no status for the state", machine->states[i].name);
    for (size_t i = 0; i < TICKET_STATUSES; i++) {
        size_t found = 0;
        for (size_t k = 0; k < machine->nstates; k++)
            if (itsm_str_is(machine->states[k].name, ticket_statuses[i].state)) found++;
        if (!found || ticket_state_of(ticket_statuses[i].status) != ticket_statuses[i].state ||
            ticket_status_of(itsm_str_c(ticket_statuses[i].state)) != ticket_statuses[i].status)
            return tickets_unfit(message, size, "not one state for the status", itsm_str_c(ticket_statuses[i].status));
    }
    return ITSM_OK;
}

#endif
