/* SPDX-License-Identifier: MIT */
/* What a vendor might add to the built-in model: a type, a field, a value, a state, moves, guards of its own. */
#ifndef ITSM_TESTS_VENDOR_MODEL_H
#define ITSM_TESTS_VENDOR_MODEL_H

static const char vendor_model[] =
    "{\"schema\": \"libitsm.model/2\", \"extends\": \"builtin\",\n"
    " \"roles\": {\"warehouse\": \"keeps spare parts\"}, \"policies\": {\"hold_parts_for\": \"P2D\"},\n"
    " \"record_types\": [\n"
    "  {\"id\": \"spare_part\", \"label\": \"Spare part\", \"prefix\": \"SPP\", \"number\": 32769,\n"
    "   \"clauses_2011\": [\"9.1\"], \"clauses_2018\": [\"8.2.6\"],\n"
    "   \"fields\": [{\"name\": \"name\", \"type\": \"str\", \"mandatory\": \"create\"},\n"
    "              {\"name\": \"keeper\", \"type\": \"party\"},\n"
    "              {\"name\": \"reserved_at\", \"type\": \"time\", \"by\": \"move\"},\n"
    "              {\"name\": \"used_for\", \"type\": \"ref(incident)\"}],\n"
    "   \"relations\": [{\"name\": \"used_for\", \"target\": \"incident\", \"card\": \"1\", \"inverse\": \"spare_parts\"}],\n"
    "   \"lifecycles\": [{\"attribute\": \"status\", \"initial\": \"stored\",\n"
    "     \"states\": [{\"name\": \"stored\", \"category\": \"initial\"}, {\"name\": \"reserved\", \"category\": \"open\"},\n"
    "                {\"name\": \"used\", \"category\": \"closed\"}],\n"
    "     \"transitions\": [\n"
    "       {\"event\": \"reserve\", \"from\": [\"stored\"], \"to\": \"reserved\", \"actor\": [\"keeper\", \"warehouse\"],\n"
    "        \"guards\": [\"set(used_for)\", \"host(in_stock)\"], \"effects\": [\"stamp(reserved_at)\"]},\n"
    "       {\"event\": \"release\", \"from\": [\"reserved\"], \"to\": \"stored\", \"actor\": [\"timer\"],\n"
    "        \"guards\": [\"reached(reserved_at, hold_parts_for)\"]},\n"
    "       {\"event\": \"use\", \"from\": [\"reserved\"], \"to\": \"used\", \"actor\": [\"any\"]}]}]},\n"
    "  {\"id\": \"incident\",\n"
    "   \"fields\": [{\"name\": \"vendor_case\", \"type\": \"str\"}, {\"name\": \"channel\", \"add_values\": [\"fax\"]}],\n"
    "   \"relations\": [{\"name\": \"spare_parts\", \"target\": \"spare_part\", \"card\": \"n\", \"inverse\": \"used_for\"}],\n"
    "   \"lifecycles\": [{\"attribute\": \"status\", \"states\": [{\"name\": \"with_vendor\", \"category\": \"paused\"}],\n"
    "     \"transitions\": [\n"
    "       {\"event\": \"hand_over\", \"from\": [\"in_progress\"], \"to\": \"with_vendor\", \"actor\": [\"assignee\"],\n"
    "        \"guards\": [\"set(vendor_case)\"]},\n"
    "       {\"event\": \"resume\", \"add_from\": [\"with_vendor\"]},\n"
    "       {\"event\": \"resolve\", \"add_guards\": [\"host(tested)\"]}]}]}]}";

#endif
