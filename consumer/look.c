#include "consumer/look.h"

#include "consumer/consume.h"
#include "consumer/decode/topic_names.h"
#include "consumer/doctor.h"
#include "consumer/evidence/reader.h"
#include "consumer/init.h"
#include "consumer/status.h"
#include "consumer/stopper.h"
#include "views/base/cleanup.h"
#include "views/engine/check.h"

#include <stdio.h>

static struct kafka_config look_broker(const struct options *options) {
    return (struct kafka_config){.brokers = options->brokers,
                                 .group_id = "tidemark-looks", // nothing is committed to it
                                 .properties = options->properties,
                                 .property_count = options->property_count,
                                 .far = KAFKA_FAR_SOME}; // a part of each is read
}

int look_check_broker(const struct options *options, struct error *error) {
    const struct kafka_config kafka = look_broker(options);
    return kafka_check(&kafka, error);
}

// What the topics say, or a capture.
static int look_at(const struct options *options, const struct catalog *catalog, struct evidence *evidence,
                   struct error *error) {
    if (options->capture != NULL)
        return evidence_read_capture(evidence, options->capture, options->prefix, error);
    CLEANUP(topic_names_free) struct topic_names sought;
    struct kafka_config kafka = look_broker(options);
    if (topic_names_make(&sought, options->prefix, catalog, error) != 0)
        return -1;
    kafka.sought = sought.names;
    kafka.sought_count = kafka.sought_at_once = sought.count;
    return evidence_read_broker(evidence, &kafka, options->prefix, catalog,
                                options->command == COMMAND_DOCTOR, error);
}

static void look_print_init(const struct options *options, const char *prefix, const char *out,
                            const struct init_report *report) {
    (void)printf("wrote %s/source.sql, %d table%s, and a view for each", out, report->tables,
                 report->tables == 1 ? "" : "s");
    if (report->unsure > 0)
        (void)printf("; %d column%s unsure, as it says there", report->unsure,
                     report->unsure == 1 ? " is" : "s are");
    if (report->without > 0)
        (void)printf("; %d left out, as it says there", report->without);
    if (report->elsewhere > 0)
        (void)printf("; no topic has the rows of %d table%s more, as it says there", report->elsewhere,
                     report->elsewhere == 1 ? "" : "s");
    if (report->missing > 0)
        (void)printf("; no topic for %d table%s, as it says there", report->missing,
                     report->missing == 1 ? "" : "s");
    if (report->undeclared > 0)
        (void)printf("; no table for %d topic%s, as it says there", report->undeclared,
                     report->undeclared == 1 ? "" : "s");
    (void)printf("\nnow: ");
    if (options->capture != NULL)
        (void)printf("tidemark demo --capture %s --views %s\n", options->capture, out);
    else
        (void)printf("tidemark run --brokers %s --prefix %s --db %s.db --views %s\n",
                     options->brokers != NULL ? options->brokers : "HOST:PORT", prefix, prefix, out);
}

int look_init(const struct options *options, struct error *error) {
    CLEANUP(evidence_free) struct evidence evidence = {0};
    CLEANUP(catalog_free) struct catalog *declared = NULL;
    struct init_report report;
    bool looks = options->brokers != NULL || options->capture != NULL;
    if (looks && ((options->ddl != NULL && init_load_ddl(options->ddl, &declared, error) != 0) ||
                  look_at(options, declared, &evidence, error) != 0))
        return -1;
    const char *prefix = looks ? evidence.prefix : options->prefix != NULL ? options->prefix : "PREFIX";
    const char *out = options->out != NULL               ? options->out
                      : looks || options->prefix != NULL ? prefix
                                                         : "views";
    char from[ERROR_MESSAGE_SIZE];
    (void)snprintf(from, sizeof from, "%s%s",
                   options->ddl != NULL       ? options->ddl
                   : options->capture != NULL ? options->capture
                                              : "the topics of ",
                   options->ddl == NULL && options->capture == NULL ? prefix : "");
    const struct init_config config = {.evidence = &evidence, .out = out, .ddl = options->ddl, .from = from};
    if (init_write(&config, &report, error) != 0)
        return -1;
    look_print_init(options, prefix, out, &report);
    return 0;
}

int look_doctor(const struct options *options, struct error *error) {
    CLEANUP(evidence_free) struct evidence evidence = {0};
    CLEANUP(catalog_free) struct catalog *catalog = NULL;
    CLEANUP(buffer_free) struct buffer text = {0};
    if ((options->views != NULL &&
         (catalog_load(options->views, NULL, &catalog, error) != 0 || catalog_check(catalog, error) != 0)) ||
        look_at(options, catalog, &evidence, error) != 0)
        return -1;
    const struct doctor_config config = {.evidence = &evidence,
                                         .catalog = catalog,
                                         .of_broker = options->capture == NULL,
                                         .json = options->json};
    int failed = doctor_write(&config, &text);
    if (failed < 0)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)fwrite(text.data, 1, text.size, stdout);
    return failed == 0 ? 0
                       : error_set(error, ERROR_INPUT, "%d check%s failed", failed, failed == 1 ? "" : "s");
}

int look_status(const struct options *options, struct error *error) {
    struct stopper stopper;
    const struct status_config config = {
        .url = options->url, .ca = options->ca, .token_file = options->token_file, .once = options->once};
    stopper_init(&stopper, 0);
    int status = status_run(&config, &stopper, error);
    return status == STATUS_HALTED ? CONSUME_HALTED : status;
}
