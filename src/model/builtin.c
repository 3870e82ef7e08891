/* SPDX-License-Identifier: MIT */
/*
 * The built-in model: the rows of types/<type>.def expanded to constant tables.
 *
 * All types are expanded in this one file because they refer to each other.  Nothing here is computed when the program
 * starts, nothing is allocated, nothing is ever written.  A new type is a file in types/, a name in TYPES_ and two
 * lines below; it also goes into by_name, which is in order of the names (the checker says so if it is not).
 */
#include "model/model.h"
#include "model/vocabulary.h"

/* In the order of the model. */
#define TYPES_(X) \
    X(incident) X(service_request) X(problem) X(known_error) X(knowledge_article) X(security_incident) \
    X(change) X(change_model) X(release) X(deployment) X(configuration_item) X(configuration_baseline) \
    X(configuration_audit) X(asset) X(service) X(service_catalogue_entry) X(service_project) X(responsibility) \
    X(customer) X(supplier) X(sla) X(ola) X(supplier_contract) X(complaint) X(satisfaction_survey) \
    X(service_report) X(indicator) X(budget) X(demand_forecast) X(capacity_plan) X(availability_plan) X(outage) \
    X(continuity_plan) X(continuity_test) X(risk) X(security_control) X(controlled_document) \
    X(competence_record) X(internal_audit) X(nonconformity) X(corrective_action) X(management_review) \
    X(improvement) X(review) X(task) X(approval)

#define TYPE_INDEX_COMMA_(name) TYPE_INDEX_##name,
enum { TYPES_(TYPE_INDEX_COMMA_) TYPE_COUNT_ };

/* Types refer to each other and to the model before their own turn comes. */
#define TYPE_DECLARE_(name) static const itsm_type_def name##_type;
TYPES_(TYPE_DECLARE_)
static const itsm_model builtin;

#define ITSM_THIS incident
#include "model/expand.h"
#define ITSM_THIS service_request
#include "model/expand.h"
#define ITSM_THIS problem
#include "model/expand.h"
#define ITSM_THIS known_error
#include "model/expand.h"
#define ITSM_THIS knowledge_article
#include "model/expand.h"
#define ITSM_THIS security_incident
#include "model/expand.h"
#define ITSM_THIS change
#include "model/expand.h"
#define ITSM_THIS change_model
#include "model/expand.h"
#define ITSM_THIS release
#include "model/expand.h"
#define ITSM_THIS deployment
#include "model/expand.h"
#define ITSM_THIS configuration_item
#include "model/expand.h"
#define ITSM_THIS configuration_baseline
#include "model/expand.h"
#define ITSM_THIS configuration_audit
#include "model/expand.h"
#define ITSM_THIS asset
#include "model/expand.h"
#define ITSM_THIS service
#include "model/expand.h"
#define ITSM_THIS service_catalogue_entry
#include "model/expand.h"
#define ITSM_THIS service_project
#include "model/expand.h"
#define ITSM_THIS responsibility
#include "model/expand.h"
#define ITSM_THIS customer
#include "model/expand.h"
#define ITSM_THIS supplier
#include "model/expand.h"
#define ITSM_THIS sla
#include "model/expand.h"
#define ITSM_THIS ola
#include "model/expand.h"
#define ITSM_THIS supplier_contract
#include "model/expand.h"
#define ITSM_THIS complaint
#include "model/expand.h"
#define ITSM_THIS satisfaction_survey
#include "model/expand.h"
#define ITSM_THIS service_report
#include "model/expand.h"
#define ITSM_THIS indicator
#include "model/expand.h"
#define ITSM_THIS budget
#include "model/expand.h"
#define ITSM_THIS demand_forecast
#include "model/expand.h"
#define ITSM_THIS capacity_plan
#include "model/expand.h"
#define ITSM_THIS availability_plan
#include "model/expand.h"
#define ITSM_THIS outage
#include "model/expand.h"
#define ITSM_THIS continuity_plan
#include "model/expand.h"
#define ITSM_THIS continuity_test
#include "model/expand.h"
#define ITSM_THIS risk
#include "model/expand.h"
#define ITSM_THIS security_control
#include "model/expand.h"
#define ITSM_THIS controlled_document
#include "model/expand.h"
#define ITSM_THIS competence_record
#include "model/expand.h"
#define ITSM_THIS internal_audit
#include "model/expand.h"
#define ITSM_THIS nonconformity
#include "model/expand.h"
#define ITSM_THIS corrective_action
#include "model/expand.h"
#define ITSM_THIS management_review
#include "model/expand.h"
#define ITSM_THIS improvement
#include "model/expand.h"
#define ITSM_THIS review
#include "model/expand.h"
#define ITSM_THIS task
#include "model/expand.h"
#define ITSM_THIS approval
#include "model/expand.h"

#define TYPE_POINTER_COMMA_(name) &name##_type,
static const itsm_type_def *const types[] = { TYPES_(TYPE_POINTER_COMMA_) };

static const itsm_type_def *const by_name[] = {
    &approval_type, &asset_type, &availability_plan_type, &budget_type, &capacity_plan_type, &change_type,
    &change_model_type, &competence_record_type, &complaint_type, &configuration_audit_type,
    &configuration_baseline_type, &configuration_item_type, &continuity_plan_type, &continuity_test_type,
    &controlled_document_type, &corrective_action_type, &customer_type, &demand_forecast_type, &deployment_type,
    &improvement_type, &incident_type, &indicator_type, &internal_audit_type, &knowledge_article_type,
    &known_error_type, &management_review_type, &nonconformity_type, &ola_type, &outage_type, &problem_type,
    &release_type, &responsibility_type, &review_type, &risk_type, &satisfaction_survey_type,
    &security_control_type, &security_incident_type, &service_type, &service_catalogue_entry_type,
    &service_project_type, &service_report_type, &service_request_type, &sla_type, &supplier_type,
    &supplier_contract_type, &task_type,
};

static const itsm__policy policies[] = {
    { LITERAL_("auto_close_after"), LITERAL_("P5D"), ITSM_DAYS(5) },
    { LITERAL_("reopen_window"), LITERAL_("P14D"), ITSM_DAYS(14) },
    { LITERAL_("closed_reopen_window"), LITERAL_("P30D"), ITSM_DAYS(30) },
};

static const itsm__role roles[] = {
    { LITERAL_("acceptance_authority"), LITERAL_("") },
    { LITERAL_("any"), LITERAL_("every party") },
    { LITERAL_("approver"), LITERAL_("") },
    { LITERAL_("asset_manager"), LITERAL_("") },
    { LITERAL_("assignee"), LITERAL_("") },
    { LITERAL_("audit_manager"), LITERAL_("") },
    { LITERAL_("auditor"), LITERAL_("") },
    { LITERAL_("author"), LITERAL_("") },
    { LITERAL_("availability_manager"), LITERAL_("") },
    { LITERAL_("chair"), LITERAL_("") },
    { LITERAL_("change_authority"), LITERAL_("change authority, CAB") },
    { LITERAL_("change_manager"), LITERAL_("") },
    { LITERAL_("configuration_manager"), LITERAL_("") },
    { LITERAL_("continuity_manager"), LITERAL_("") },
    { LITERAL_("coordinator"), LITERAL_("") },
    { LITERAL_("custodian"), LITERAL_("") },
    { LITERAL_("customers"), LITERAL_("recipient: the customers of the service") },
    { LITERAL_("escalation_target"), LITERAL_("recipient: next level of escalation") },
    { LITERAL_("financial_authority"), LITERAL_("") },
    { LITERAL_("fulfiller"), LITERAL_("") },
    { LITERAL_("handler"), LITERAL_("") },
    { LITERAL_("implementer"), LITERAL_("") },
    { LITERAL_("improvement_board"), LITERAL_("") },
    { LITERAL_("improvement_manager"), LITERAL_("") },
    { LITERAL_("interested_parties"), LITERAL_("recipient: the interested parties of the record") },
    { LITERAL_("invocation_authority"), LITERAL_("") },
    { LITERAL_("line_manager"), LITERAL_("") },
    { LITERAL_("major_incident_manager"), LITERAL_("") },
    { LITERAL_("owner"), LITERAL_("") },
    { LITERAL_("portfolio_manager"), LITERAL_("") },
    { LITERAL_("problem_manager"), LITERAL_("") },
    { LITERAL_("raised_by"), LITERAL_("") },
    { LITERAL_("relationship_manager"), LITERAL_("") },
    { LITERAL_("release_manager"), LITERAL_("") },
    { LITERAL_("reporter"), LITERAL_("") },
    { LITERAL_("requester"), LITERAL_("") },
    { LITERAL_("reviewer"), LITERAL_("") },
    { LITERAL_("risk_authority"), LITERAL_("") },
    { LITERAL_("security_manager"), LITERAL_("") },
    { LITERAL_("security_team"), LITERAL_("") },
    { LITERAL_("service_desk"), LITERAL_("") },
    { LITERAL_("service_owner"), LITERAL_("") },
    { LITERAL_("sponsor"), LITERAL_("") },
    { LITERAL_("supplier_manager"), LITERAL_("") },
    { LITERAL_("system"), LITERAL_("the library's own moves (fire) and the host's automations") },
    { LITERAL_("tester"), LITERAL_("") },
    { LITERAL_("timer"), LITERAL_("moves made by tick") },
    { LITERAL_("top_management"), LITERAL_("") },
    { LITERAL_("verifier"), LITERAL_("") },
};

/* Clauses, indicators, rules of evidence. */

#define MAPS(...) .maps = LITERALS_(__VA_ARGS__)
#define RULES(...) .rules = LITERALS_(__VA_ARGS__)
#define TYPES(...) .types = LITERALS_(__VA_ARGS__)
#define USES(...) .uses = LITERALS_(__VA_ARGS__)

static const itsm_clause_def clauses[] = {
#define ITSM_CLAUSE(edition_, id_, topic_, records_, control_, measure_, ...)     { .edition = edition_, .id = LITERAL_(id_), .topic = LITERAL_(topic_), .records = LITERAL_(records_),       .control = LITERAL_(control_), .measure = LITERAL_(measure_), __VA_ARGS__ },
#include "model/clauses.def"
#undef ITSM_CLAUSE
};
enum {
    CLAUSES_2011_ = 0
#define ITSM_CLAUSE(edition_, ...) +((edition_) == 2011)
#include "model/clauses.def"
#undef ITSM_CLAUSE
};

static const itsm_kpi_def kpis[] = {
#define ITSM_KPI(id_, name_, formula_, ...)     { .id = LITERAL_(id_), .name = LITERAL_(name_), .formula = LITERAL_(formula_), __VA_ARGS__ },
#include "model/kpis.def"
#undef ITSM_KPI
};

static const itsm_rule_def rules[] = {
#define ITSM_RULE(id_, level_, check_, ...)     { .id = LITERAL_(id_), .level = LITERAL_(level_), .check = LITERAL_(check_), __VA_ARGS__ },
#include "model/rules.def"
#undef ITSM_RULE
};

static const itsm_model builtin = {
    .types = types,
    .by_name = by_name,
    .ntypes = sizeof types / sizeof *types,
    .policies = policies,
    .npolicies = sizeof policies / sizeof *policies,
    .roles = roles,
    .nroles = sizeof roles / sizeof *roles,
    .clauses = clauses,
    .nclauses = sizeof clauses / sizeof *clauses,
    .nclauses_2011 = CLAUSES_2011_,
    .kpis = kpis,
    .nkpis = sizeof kpis / sizeof *kpis,
    .rules = rules,
    .nrules = sizeof rules / sizeof *rules,
    .priority = { { 1, 1, 2, 2, 3 },
                  { 1, 2, 2, 3, 4 },
                  { 2, 2, 3, 4, 4 },
                  { 2, 3, 4, 4, 5 },
                  { 3, 4, 4, 5, 5 } },
};

const itsm_model *itsm_model_builtin(void)
{
    return &builtin;
}
