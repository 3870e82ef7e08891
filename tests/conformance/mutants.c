/* SPDX-License-Identifier: MIT */
/*
 * The kit proves itself: stores that are right in different ways pass it whole, and each store with one mistake in it
 * fails at the case that is about that mistake.
 */
#include "list_store.h"

#include "adapters/check/kit.h"

static const struct mutant {
    const char *name;
    enum mistake mistake;
    unsigned kinds;
    const char *caught_by;
} mutants[] = {
    {"checks are not looked at", LOST_CHECK, PLAIN, "a check guards another row"},
    {"what came before a failure stays", TORN_BATCH, PLAIN, "a batch whose last operation fails leaves nothing"},
    {"a new row replaces one that is there", REPLACES_WHAT_IS_NEW, PLAIN, "a row that is there is not new"},
    {"an old revision is good enough", ACCEPTS_OLD_REVISIONS, PLAIN, "a put upon an old revision conflicts"},
    {"a batch sent twice is applied twice", APPLIES_TWICE, PLAIN, "a change sent twice conflicts"},
    {"expectations see the batch's own writes", EXPECTS_AFTER_WRITING, PLAIN,
     "a row may be written and then checked: both see it as it was"},
    {"the first operation is always named", NAMES_THE_FIRST, PLAIN, "the first operation that fails is named"},
    {"a long batch ends after a hundred", FIRST_HUNDRED_ONLY, PLAIN, "a thousand operations are one commit"},
    {"operations are stepped by one's own size", STEPS_BY_ITS_OWN_SIZE, PLAIN,
     "operations may be larger than the backend knows them"},
    {"the revision is counted, not stored", REVISION_NOT_STORED, PLAIN, "the revision put is the revision read"},
    {"no expectation means new", WITHOUT_EXPECTATION_ONLY_NEW, PLAIN,
     "without an expectation a row is written whatever it was"},
    {"a view is that of the last commit but one", STALE_VIEW, PLAIN, "a view opened later sees what was written"},
    {"a view moves on", LIVE_VIEW, PLAIN, "a view sees one commit"},
    {"a view sees entries to come", VIEW_SEES_LATER_ENTRIES, PLAIN, "a view does not see audit entries to come"},
    {"all rows share one room", SHARES_A_ROW, PLAIN, "a row stays until the next of its kind"},
    {"the caller's memory is kept", KEEPS_THE_CALLERS, PLAIN, "nothing of the caller's memory is kept"},
    {"bytes are signed in the order", SIGNED_ORDER, PLAIN, "scans go in the order of memcmp"},
    {"a longer key comes first", LONGER_KEY_FIRST, PLAIN, "scans go in the order of memcmp"},
    {"a range has its end", INCLUDES_THE_END, PLAIN, "a range has its start and not its end"},
    {"a range has not its start", EXCLUDES_THE_START, PLAIN, "a range has its start and not its end"},
    {"descending is ignored", IGNORES_DESCENDING, PLAIN, "descending is the same order backwards"},
    {"a hint is a limit", HINT_IS_A_LIMIT, PLAIN, "a hint is not a limit"},
    {"a scan gives a row twice", GIVES_A_ROW_TWICE, PLAIN, "a range without end goes to the last key"},
    {"a scan leaves the last row out", LEAVES_THE_LAST_OUT, PLAIN, "a range without end goes to the last key"},
    {"a scan starts again at its end", STARTS_AGAIN_AT_THE_END, PLAIN, "a scan stays within its type and index"},
    {"a scan gives other types too", FORGETS_THE_TYPE, PLAIN, "a scan stays within its type and index"},
    {"half of the identity is kept", FORGETS_THE_HIGH_HALF, PLAIN, "type and both halves of an identity tell rows apart"},
    {"keys are cut after 255 bytes", CUTS_KEYS, PLAIN, "keys may be as long as the limit"},
    {"an empty key is none", IGNORES_EMPTY_KEYS, PLAIN, "an empty key may be unique"},
    {"keys end at a zero", ENDS_KEYS_AT_ZERO, PLAIN, "a range has its start and not its end"},
    {"unique keys are not", IGNORES_UNIQUE, PLAIN, "a unique key belongs to one row"},
    {"unique keys are judged before the batch", UNIQUE_BEFORE_THE_BATCH, PLAIN,
     "two rows change their unique keys in one batch"},
    {"unique keys are not judged within the batch", UNIQUE_NOT_WITHIN_THE_BATCH, PLAIN,
     "two rows of one batch cannot take one unique key"},
    {"unique keys are judged without case", UNIQUE_IGNORES_CASE, PLAIN, "unique keys may differ in their last byte only"},
    {"a taken key goes before a conflict", UNIQUE_BEFORE_CONFLICT, PLAIN, "a conflict goes before a taken key"},
    {"old keys stay after a put", KEEPS_OLD_KEYS, PLAIN, "a put replaces all keys"},
    {"keys of deleted rows stay", KEEPS_KEYS_OF_DELETED, PLAIN, "a deleted row is gone from reads and scans"},
    {"a refused put takes the old keys", DROPS_KEYS_OF_REFUSED, PLAIN, "a put that was refused keeps the old keys"},
    {"a deletion leaves no tombstone", FORGETS_TOMBSTONES, PLAIN, "an old revision does not come back to life"},
    {"a deleted row can be read", READS_TOMBSTONES, PLAIN, "a deleted row is gone from reads and scans"},
    {"a deleted row cannot be made anew", TOMBSTONE_BLOCKS_ALWAYS, PLAIN, "a row made anew has a higher revision"},
    {"a body ends at a zero", BODY_ENDS_AT_ZERO, PLAIN, "a body does not end at a zero"},
    {"zeros at the end of a body are lost", LOSES_ZEROS_AT_THE_END, PLAIN, "zeros at the end of a body come back"},
    {"a body without bytes is none", NO_BODY_WITHOUT_BYTES, PLAIN, "a body of no bytes is a body"},
    {"a body is cut at 65,535 bytes", CUTS_LONG_BODIES, PLAIN, "a body of 65,537 bytes comes back"},
    {"a refused batch enters the trail", KEEPS_ENTRIES_OF_REFUSED, PLAIN, "a batch that conflicts enters nothing"},
    {"one entry of a batch is kept", DROPS_ENTRIES_AFTER_THE_FIRST, PLAIN, "entries keep their order"},
    {"entries of a batch go backwards", ENTRIES_BACKWARDS, PLAIN, "entries keep their order"},
    {"places count from one", PLACES_FROM_ONE, PLAIN, "the trail is read from any place"},
    {"no place is told", TELLS_NO_PLACE, PLAIN, "a batch tells the place of its first entry"},
    {"an entry ends at a zero", ENTRY_ENDS_AT_ZERO, PLAIN, "thousands of entries come back, a hundred at a time"},
    {"sealing takes all", SEALS_TOO_MANY, SEALS_LATER, "sealing goes in steps"},
    {"sealing goes backwards", SEALS_BACKWARDS, SEALS_LATER, "entries of one row keep the order of its changes"},
    {"the last of many comes twice", MANY_REPEATS, PLAIN, "many rows come once each"},
    {"another row stands for one that is missing", MANY_FILLS_GAPS, PLAIN, "what is missing of many rows is left out"},
    {"a message is longer than its room", MESSAGE_OVERFLOWS, PLAIN, "a conflict is said"},
    {"a block of numbers is one number", RESERVE_IGNORES_THE_COUNT, PLAIN, "numbers never repeat"},
    {"all sequences are one", SEQUENCES_ARE_ONE, PLAIN, "sequences count for themselves"},
    {"numbers start anew after opening", RESERVE_REPEATS_AFTER_OPENING, PLAIN, "numbers do not come again after closing"},
    {"tombstones end with the process", TOMBSTONES_END_AT_CLOSE, PLAIN, "deleted rows stay deleted after closing"},
    {"a kill takes the last commit", LAST_COMMIT_LOST_AT_KILL, PLAIN, "rows are there after a kill"},
    {"the trail starts anew after opening", TRAIL_STARTS_ANEW, PLAIN, "the trail goes on after closing"},
    {"compaction takes tombstones", COMPACTION_TAKES_TOMBSTONES, PLAIN, "compaction loses nothing"},
    {"a decimal loses its zeros", DECIMAL_LOSES_ITS_ZEROS, FIELDS, "a decimal keeps the zeros behind its point"},
    {"a time loses its microseconds", TIME_LOSES_MICROSECONDS, FIELDS, "a time keeps its microseconds"},
    {"a list loses an item", LIST_LOSES_REPEATS, FIELDS, "a list keeps its order and what stands in it twice"},
    {"zero is absent", ZERO_IS_ABSENT, FIELDS, "zero is a value, not its absence"},
    {"a field nobody knows is lost", UNKNOWN_FIELD_LOST, FIELDS, "a field the model does not know comes back"},
    {"the host's transaction is not asked", TRANSACTION_IGNORED, TRANSACTIONS,
     "what a host's transaction rolls back never was"},
};

static const struct variant {
    const char *name;
    unsigned kinds;
} variants[] = {{"a list", PLAIN},
                {"a list that gives fields", FIELDS},
                {"a list that chooses revisions", OWN_REVISIONS},
                {"a list that seals later", SEALS_LATER},
                {"a list with transactions of the host", TRANSACTIONS},
                {"a list that is all of this", FIELDS | OWN_REVISIONS | SEALS_LATER | TRANSACTIONS}};

static itsm_status tell(void *user, const itsm_check_case *c)
{
    if (c->outcome == ITSM_CHECK_FAILED)
        printf("  %.*s: %.*s\n    %.*s\n", ITSM_ARG(c->group), ITSM_ARG(c->name), ITSM_ARG(c->message));
    ++*(unsigned *)user;
    return ITSM_OK;
}

static itsm_status quiet(void *user, const itsm_check_case *c)
{
    (void)c;
    ++*(unsigned *)user;
    return ITSM_OK;
}

/* Put a world through the kit, through one case of it or all. */
static itsm_check_result judge(struct world *w, const char *only, uint64_t operations, itsm_check_case_fn fn)
{
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    itsm_check_options options = ITSM_CHECK_OPTIONS_INIT;
    itsm_check_host host = ITSM_CHECK_HOST_INIT;
    unsigned told = 0;
    host.make = world_make, host.reopen = world_reopen, host.kill = world_kill, host.self = w;
    if (w->kinds & TRANSACTIONS) host.begin = world_begin, host.end = world_end;
    options.name = itsm_str_c(only), options.operations = operations, options.fn = fn, options.user = &told;
    itsm_status rc = itsm_check_run(&result, w->ctx, &host, &options);
    if (rc || told != result.cases) printf("the kit answers %d, %u of %u cases told\n", rc, told, (unsigned)result.cases), exit(1);
    world_clear(w);
    return result;
}

static int check_variants(struct world *w, uint64_t operations)
{
    int failed = 0;
    w->mistake = RIGHT;
    for (size_t i = 0; i < KIT_COUNT(variants); i++) {
        w->kinds = variants[i].kinds;
        itsm_check_result r = judge(w, NULL, operations, tell);
        printf("%s: %u cases, %u passed, %u failed, %u skipped, %llu random operations, %llu differences\n",
               variants[i].name, (unsigned)r.cases, (unsigned)r.passed, (unsigned)r.failed, (unsigned)r.skipped,
               (unsigned long long)r.operations, (unsigned long long)r.differences);
        failed |= r.failed != 0 || r.passed < 150;
    }
    return failed;
}

static int check_mutants(struct world *w)
{
    size_t caught = 0;
    for (size_t i = 0; i < KIT_COUNT(mutants); i++) {
        w->mistake = mutants[i].mistake, w->kinds = mutants[i].kinds;
        itsm_check_result r = judge(w, mutants[i].caught_by, 1000, quiet);
        w->mistake = RIGHT;
        itsm_check_result right = judge(w, mutants[i].caught_by, 1000, quiet);
        int found = r.failed == 1 && right.passed == 1;
        caught += (size_t)found;
        printf("%-46s %s: %s\n", mutants[i].name, found ? "caught by" : "NOT CAUGHT BY", mutants[i].caught_by);
    }
    printf("mutants %zu/%zu caught\n", caught, KIT_COUNT(mutants));
    return caught != KIT_COUNT(mutants) || caught != MISTAKES - 1;
}

int main(void)
{
    const char *cases = getenv("ITSM_CASES");
    struct world w;
    int failed = 0;
    memset(&w, 0, sizeof w);
    if (itsm_ctx_new(&w.ctx, NULL) || itsm__kit_model(&w.model, w.ctx)) return 1;
    failed = check_variants(&w, cases && *cases ? strtoull(cases, NULL, 10) : 2000);
    failed |= check_mutants(&w);
    itsm_model_free(w.model);
    itsm_ctx_free(w.ctx);
    return failed;
}
