#include "consumer/options.h"

#include "consumer/apply/apply.h"
#include "consumer/options/config_file.h"
#include "views/base/bounds.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/nearest.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern char **environ; // POSIX has it in no header

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_INTEGER, OPTION_BOOL };

enum {
    OPTIONS_COMMIT_MESSAGES_MAX = 100 * 1000 * 1000,
    OPTIONS_WAIT_MS_MAX = 24 * 60 * 60 * 1000, // a day
    OPTIONS_TOPIC_SIZE_MAX = 249,              // Kafka's
    OPTIONS_WAL_MB_LEAST = 128,
    OPTIONS_WAL_MB_MAX = 1 << 20,
    OPTIONS_ANSWER_MB_LEAST = 128, // three quarters of it hold the longest answer
    OPTIONS_ANSWER_MB_MAX = 1 << 20,
    OPTIONS_CONNECTIONS_LEAST = 16,
    OPTIONS_CONNECTIONS_MAX = 1000 * 1000,
    OPTIONS_REQUEST_S_MAX = 3600,
};

enum {
    FOR_RUN = 1 << COMMAND_RUN,
    FOR_DEMO = 1 << COMMAND_DEMO,
    FOR_REPLAY = 1 << COMMAND_REPLAY,
    FOR_SERVE = 1 << COMMAND_SERVE,
    FOR_CHECK = 1 << COMMAND_CHECK,
    FOR_QUARANTINE = 1 << COMMAND_QUARANTINE,
    FOR_PROVE = 1 << COMMAND_PROVE,
    FOR_STATUS = 1 << COMMAND_STATUS,
    FOR_INIT = 1 << COMMAND_INIT,
    FOR_DOCTOR = 1 << COMMAND_DOCTOR,
    FOR_LOOKS = FOR_INIT | FOR_DOCTOR, // at topics, or at a capture in their place
    FOR_BROKER = FOR_RUN | FOR_LOOKS,  // they ask one, and take -X
    FOR_CONSUMERS = FOR_RUN | FOR_DEMO,
    FOR_WRITERS = FOR_CONSUMERS | FOR_REPLAY,
    FOR_HTTP = FOR_CONSUMERS | FOR_SERVE,
    FOR_ALL = FOR_WRITERS | FOR_SERVE | FOR_CHECK | FOR_QUARANTINE | FOR_PROVE,
};

struct option {
    const char *flag;
    const char *argument; // NULL = takes none
    enum option_kind kind;
    int commands;
    size_t offset;
    const char *help;
};

// A flag that means something else to another command has a line for each.
#define MEMBER(name) offsetof(struct options, name)

static const struct option option_table[] = {
    {"--brokers", "HOST:PORT[,..]", OPTION_TEXT, FOR_BROKER, MEMBER(brokers), "Kafka's bootstrap servers"},
    {"--prefix", "NAME", OPTION_TEXT, FOR_BROKER | FOR_REPLAY | FOR_PROVE, MEMBER(prefix),
     "the connector's topic.prefix"},
    {"--db", "FILE", OPTION_TEXT, FOR_RUN | FOR_REPLAY | FOR_SERVE | FOR_QUARANTINE, MEMBER(db),
     "the SQLite file"},
    {"--db", "FILE", OPTION_TEXT, FOR_DEMO | FOR_PROVE, MEMBER(db),
     "the SQLite file (a temporary one when not given)"},
    {"--views", "DIR", OPTION_TEXT, FOR_ALL | FOR_DOCTOR, MEMBER(views),
     "your own views; without a source.sql beside the built-in ones"},
    {"--watch", NULL, OPTION_BOOL, FOR_RUN, MEMBER(watch),
     "take changes of --views over when they are saved, as SIGHUP does"},
    {"--rebuild", NULL, OPTION_BOOL, FOR_RUN, MEMBER(rebuild),
     "where the file cannot follow changed views or source.sql in place, build another from the topics beside it"},
    {"--only", "VIEW[,..]", OPTION_TEXT, FOR_ALL, MEMBER(only), "only these views"},
    {"--listen", "ADDRESS:PORT", OPTION_TEXT, FOR_HTTP, MEMBER(listen),
     "where HTTP is served (127.0.0.1:8080); or unix:/PATH"},
    {"--socket-mode", "OCTAL", OPTION_TEXT, FOR_HTTP, MEMBER(socket_mode), "of unix:/PATH (660)"},
    {"--token-file", "FILE", OPTION_TEXT, FOR_HTTP, MEMBER(token_file),
     "bearer tokens, one a line, that requests need; SIGHUP reads it again"},
    {"--token-file", "FILE", OPTION_TEXT, FOR_STATUS, MEMBER(token_file),
     "bearer tokens, one a line: the first is sent"},
    {"--no-auth", NULL, OPTION_BOOL, FOR_HTTP, MEMBER(no_auth),
     "listen on other addresses than loopback without a token file"},
    {"--allow-host", "NAME[,..]", OPTION_TEXT, FOR_HTTP, MEMBER(allow_hosts),
     "names that the Host header may have besides localhost and addresses"},
    {"--allow-origin", "ORIGIN[,..]", OPTION_TEXT, FOR_HTTP, MEMBER(allow_origins),
     "pages from elsewhere that may ask (CORS); * = all"},
    {"--tls-cert", "FILE", OPTION_TEXT, FOR_HTTP, MEMBER(tls_cert), "serve HTTPS: the certificate, PEM"},
    {"--tls-key", "FILE", OPTION_TEXT, FOR_HTTP, MEMBER(tls_key), "its key, PEM"},
    {"--feed-window", "SECONDS", OPTION_NUMBER, FOR_HTTP, MEMBER(feed_window),
     "how long followers may be away and go on where they were (300)"},
    {"--max-connections", "COUNT", OPTION_INTEGER, FOR_HTTP, MEMBER(max_connections),
     "at once; those without a request make room for others (10240)"},
    {"--max-connections-per-address", "COUNT", OPTION_INTEGER, FOR_HTTP, MEMBER(max_connections_per_address),
     "of one client, 0 = no bound; loopback and UNIX sockets have none (256)"},
    {"--request-timeout", "SECONDS", OPTION_NUMBER, FOR_HTTP, MEMBER(request_timeout),
     "for a request's headers, and for its body (10)"},
    {"--answer-memory-mb", "MB", OPTION_INTEGER, FOR_HTTP, MEMBER(answer_memory_mb),
     "memory of all answers under way together, 128 or more (256)"},
    {"--answer-empty", NULL, OPTION_BOOL, FOR_HTTP, MEMBER(answer_empty),
     "answer with no rows, not 503, before anything was applied to the file"},
    {"--capture", "FILE", OPTION_TEXT, FOR_DEMO, MEMBER(capture),
     "what the embedded broker is fed (a built-in capture)"},
    {"--capture", "FILE", OPTION_TEXT, FOR_LOOKS, MEMBER(capture),
     "what is looked at in place of a broker's topics"},
    {"--out", "DIR", OPTION_TEXT, FOR_INIT, MEMBER(out),
     "where source.sql and the views are written (a folder called like the prefix)"},
    {"--ddl", "FILE", OPTION_TEXT, FOR_INIT, MEMBER(ddl),
     "what `pg_dump -s` wrote: the types are not guessed then; what the topics lack of it is said in source.sql"},
    {"--postgres", "DSN", OPTION_TEXT, FOR_PROVE, MEMBER(postgres),
     "the source: postgresql://USER@HOST/DATABASE, as psql takes it; --db FILE is compared with it"},
    {"--wait", "SECONDS", OPTION_NUMBER, FOR_PROVE, MEMBER(wait),
     "of --postgres: how long rows that move are looked at again, a table (30)"},
    {"--rate", "EVENTS_PER_S", OPTION_NUMBER, FOR_DEMO, MEMBER(rate),
     "how fast the capture is fed, 0 = as it is taken (0)"},
    {"--traffic", "EVENTS_PER_S", OPTION_NUMBER, FOR_DEMO, MEMBER(traffic),
     "seeded shop traffic after the capture (0)"},
    {"--seed", "NUMBER", OPTION_INTEGER, FOR_DEMO, MEMBER(seed), "of that traffic (1)"},
    {"--for", "SECONDS", OPTION_NUMBER, FOR_CONSUMERS | FOR_SERVE, MEMBER(seconds),
     "stop by itself after so long"},
    {"--transaction-wait-ms", "MS", OPTION_INTEGER, FOR_CONSUMERS, MEMBER(transaction_wait_ms),
     "how long missing events may be under way; none is passed for time alone (5000)"},
    {"--silent-after-ms", "MS", OPTION_INTEGER, FOR_CONSUMERS, MEMBER(silent_after_ms),
     "without a heartbeat for so long the upstream is silent (60000)"},
    {"--on-timeline", "halt|accept", OPTION_TEXT, FOR_WRITERS, MEMBER(on_timeline),
     "what a new timeline of the source does (halt)"},
    {"--on-view-error", "halt|disable", OPTION_TEXT, FOR_WRITERS, MEMBER(on_view_error),
     "halt, or go on without a view whose statement fails (halt)"},
    {"--accept-timeline", NULL, OPTION_BOOL, FOR_WRITERS, MEMBER(accept_timeline),
     "accept the new timeline that halted it"},
    {"--commit-messages", "COUNT", OPTION_INTEGER, FOR_WRITERS, MEMBER(commit_messages),
     "most messages of one SQLite commit (250000)"},
    {"--wal-max-mb", "MB", OPTION_INTEGER, FOR_WRITERS, MEMBER(wal_max_mb),
     "bound of the write-ahead log beside the file, 128 or more (256)"},
    {"--statement-seconds", "SECONDS", OPTION_NUMBER, FOR_WRITERS, MEMBER(statement_seconds),
     "how long a view's statement may run within a commit, sixty times that in filling the view (60)"},
    {"--durable", NULL, OPTION_BOOL, FOR_WRITERS, MEMBER(durable),
     "sync each commit before it is shown; else a power cut may take the newest, which are read again"},
    {"--json", NULL, OPTION_BOOL, FOR_REPLAY, MEMBER(json), "print the counts as one JSON line at the end"},
    {"--json", NULL, OPTION_BOOL, FOR_DOCTOR, MEMBER(json), "print the checks as one JSON line"},
    {"--json", NULL, OPTION_BOOL, FOR_PROVE, MEMBER(json),
     "of --postgres: print the tables as one JSON line"},
    {"--strict", NULL, OPTION_BOOL, FOR_REPLAY, MEMBER(strict), "exit 1 when something was quarantined"},
    {"--state", "waiting|superseded|applied|discarded|all", OPTION_TEXT, FOR_QUARANTINE, MEMBER(state),
     "of list: only these (waiting)"},
    {"--reason", "TEXT", OPTION_TEXT, FOR_QUARANTINE, MEMBER(reason), "of discard: why; it is kept"},
    {"--url", "URL", OPTION_TEXT, FOR_STATUS, MEMBER(url),
     "whom to ask: http://HOST:PORT, https://.. or unix:/PATH (http://127.0.0.1:8080)"},
    {"--ca", "FILE", OPTION_TEXT, FOR_STATUS, MEMBER(ca),
     "of https: the certificates that are trusted, PEM (the system's)"},
    {"--once", NULL, OPTION_BOOL, FOR_STATUS, MEMBER(once), "print it once, also in a terminal"},
    {"--config", "FILE", OPTION_TEXT, FOR_ALL | FOR_STATUS | FOR_LOOKS, MEMBER(config),
     "JSON with the flags' names as keys; the environment and flags win"},
    {"--log-format", "text|json", OPTION_TEXT, FOR_ALL | FOR_LOOKS, MEMBER(log_format),
     "of the log on stderr (text)"},
    {"--log-level", "error|warn|info|debug", OPTION_TEXT, FOR_ALL | FOR_LOOKS, MEMBER(log_level),
     "least that is logged (info)"},
};

static const struct {
    const char *name;
    enum command command;
    const char *arguments;
    const char *help;
} command_table[] = {
    {"run", COMMAND_RUN, "--brokers HOST:PORT --prefix NAME --db FILE",
     "consume, keep the views, serve HTTP"},
    {"demo", COMMAND_DEMO, "", "the same on an embedded broker that plays a capture"},
    {"replay", COMMAND_REPLAY, "--db FILE CAPTURE...", "apply captures without a broker, then exit"},
    {"serve", COMMAND_SERVE, "--db FILE", "HTTP over an existing file, nothing consumed"},
    {"check", COMMAND_CHECK, "[--views DIR]", "check the views and print their routes"},
    {"init", COMMAND_INIT, "--brokers HOST:PORT --prefix NAME",
     "write source.sql and a starter view a table, from what the topics hold"},
    {"doctor", COMMAND_DOCTOR, "--brokers HOST:PORT --prefix NAME",
     "what the topics say of the connector's settings: ok, warn, fail with the remedy; exit 1 on fail"},
    {"quarantine", COMMAND_QUARANTINE, "list|show ID|retry ID|discard ID --db FILE",
     "what could not be applied"},
    {"prove", COMMAND_PROVE, "[--db FILE] [CAPTURE... | --postgres DSN]",
     "compare views with what their mirror's rows make of them, commit by commit; or the mirror with the source"},
    {"status", COMMAND_STATUS, "[--url URL]", "what a running tidemark says of itself, live in a terminal"},
};

enum { COMMAND_COUNT = sizeof command_table / sizeof *command_table };

void options_help(enum command command, FILE *out) {
    if (command == COMMAND_NONE) {
        (void)fputs(
            "tidemark builds SQL read models from Debezium change topics and serves them over HTTP.\n\n",
            out);
        for (int i = 0; i < COMMAND_COUNT; i++)
            (void)fprintf(out, "  tidemark %-10s %-44s %s\n", command_table[i].name,
                          command_table[i].arguments, command_table[i].help);
        (void)fputs(
            "  tidemark --version | --help | COMMAND --help\n\n"
            "Every flag has an environment twin: --db is TIDEMARK_DB; and is a key of the file of --config.\n"
            "A flag wins over the environment, the environment over the file.\n",
            out);
        return;
    }
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (command_table[i].command == command)
            (void)fprintf(out, "tidemark %s%s%s\n%s\n\n", command_table[i].name,
                          command_table[i].arguments[0] != '\0' ? " " : "", command_table[i].arguments,
                          command_table[i].help);
    for (size_t i = 0; i < sizeof option_table / sizeof *option_table; i++) {
        const struct option *option = &option_table[i];
        if ((option->commands & (1 << command)) == 0)
            continue;
        char left[64];
        (void)snprintf(left, sizeof left, "%s %s", option->flag,
                       option->argument != NULL ? option->argument : "");
        (void)fprintf(out, "  %-38s %s\n", left, option->help);
    }
    if (((1 << command) & FOR_BROKER) != 0)
        (void)fprintf(out, "  %-38s %s\n", "-X PROPERTY=VALUE", "any librdkafka property, as kcat has it");
}

static bool options_asks_broker(enum command command) {
    return ((1 << command) & FOR_BROKER) != 0;
}

static int options_set_number(const char *name, const char *value, double *ret, struct error *error) {
    const double most = 1e12; // in milliseconds it is an int64_t still, sixty times of it too
    char *end = NULL;
    errno = 0;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || errno != 0 || !(number >= 0 && number <= most))
        return error_set(error, ERROR_USAGE, "%s %s: a number from 0 to %.0f is needed", name, value, most);
    *ret = number;
    return 0;
}

static int options_set_integer(const char *name, const char *value, int64_t *ret, struct error *error) {
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || number < 0)
        return error_set(error, ERROR_USAGE, "%s %s: a whole number from 0 to %" PRId64 " is needed", name,
                         value, INT64_MAX);
    *ret = number;
    return 0;
}

// Reads a twin in the environment or in the file: a flag itself takes no value.
static int options_set_bool(const char *name, const char *value, bool *ret, struct error *error) {
    static const char *const yes[] = {"1", "yes", "on", "true"};
    static const char *const no[] = {"0", "no", "off", "false"};
    for (int i = 0; i < 4; i++) {
        *ret = strcasecmp(value, yes[i]) == 0;
        if (*ret || strcasecmp(value, no[i]) == 0)
            return 0;
    }
    return error_set(error, ERROR_USAGE, "%s=%s: it is yes or no (on, off, true, false, 1, 0)", name, value);
}

static int options_set_option(struct options *options, const struct option *option, const char *name,
                              const char *value, struct error *error) {
    char *member = (char *)options + option->offset;
    switch (option->kind) {
    case OPTION_TEXT:
        if (value[0] == '\0')
            return error_set(error, ERROR_USAGE, "%s is empty: %s is needed", name, option->argument);
        memcpy(member, &value, sizeof value);
        return 0;
    case OPTION_NUMBER: {
        double number = 0;
        if (options_set_number(name, value, &number, error) != 0)
            return -1;
        memcpy(member, &number, sizeof number);
        return 0;
    }
    case OPTION_INTEGER: {
        int64_t number = 0;
        if (options_set_integer(name, value, &number, error) != 0)
            return -1;
        memcpy(member, &number, sizeof number);
        return 0;
    }
    case OPTION_BOOL: {
        bool set = true;
        if (value != NULL && options_set_bool(name, value, &set, error) != 0)
            return -1;
        memcpy(member, &set, sizeof set);
        return 0;
    }
    }
    return 0;
}

// "--log-format" is TIDEMARK_LOG_FORMAT.
static void options_twin_name(const char *flag, char *ret, size_t size) {
    (void)snprintf(ret, size, "TIDEMARK_%s", flag + 2);
    for (char *c = ret; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

// Whether `name` may be meant for the twin, both without TIDEMARK_: nearly so spelt (of one with two letters, which is near to
// many, with these two), or with a word behind it for what the flag takes (a folder beside a flag that takes a file is another's).
static bool options_may_mean(const char *name, const char *twin, const char *argument) {
    static const struct {
        const char *word, *of;
    } words[] = {{"_FILE", "FILE"},  {"_PATH", "FILE"},     {"_PATH", "DIR"}, {"_DIR", "DIR"},
                 {"_ADDR", ":PORT"}, {"_ADDRESS", ":PORT"}, {"_LIST", "[,"}};
    const size_t size = strlen(twin);
    if (strlen(name) > 2 && nearest_is(name, twin))
        return true;
    if (strlen(name) == 2 && size == 2)
        return name[0] == twin[1] && name[1] == twin[0];
    for (size_t i = 0; argument != NULL && strncmp(name, twin, size) == 0 && i < sizeof words / sizeof *words;
         i++)
        if (strcmp(name + size, words[i].word) == 0 && strstr(argument, words[i].of) != NULL)
            return true;
    return false;
}

// A twin that is spelt nearly right would set nothing, in silence. Other names are nobody's mistake: what starts a process may
// have variables of its own that begin so (TIDEMARK_SERVICE_HOST, of a service of Kubernetes that is called tidemark).
static int options_check_twin(const char *name, struct error *error) {
    char twin[64];
    const char *near = NULL;
    char meant[sizeof twin] = "";
    const size_t begin = sizeof "TIDEMARK_" - 1;
    for (size_t i = 0; i < sizeof option_table / sizeof *option_table; i++) {
        options_twin_name(option_table[i].flag, twin, sizeof twin);
        if (strcmp(name, twin) == 0)
            return 0;
        if (near == NULL && options_may_mean(name + begin, twin + begin, option_table[i].argument))
            near = memcpy(meant, twin, sizeof meant);
    }
    return near == NULL ? 0
                        : error_set(error, ERROR_USAGE, "%s is the twin of no flag; %s is, and may be meant",
                                    name, near);
}

static int options_check_twins(struct error *error) {
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        char name[64];
        size_t size = strcspn(*variable, "=");
        if (strncmp(*variable, "TIDEMARK_", sizeof "TIDEMARK_" - 1) != 0 || size >= sizeof name)
            continue;
        memcpy(name, *variable, size);
        name[size] = '\0';
        if (options_check_twin(name, error) != 0)
            return -1;
    }
    return 0;
}

static int options_read_environment(struct options *options, struct error *error) {
    for (size_t i = 0; i < sizeof option_table / sizeof *option_table; i++) {
        char name[64];
        options_twin_name(option_table[i].flag, name, sizeof name);
        const char *value = getenv(name);
        if (value == NULL || (option_table[i].commands & (1 << options->command)) == 0)
            continue;
        if (options_set_option(options, &option_table[i], name, value, error) != 0)
            return -1;
    }
    return 0;
}

static int options_add_property(struct options *options, const char *text, struct error *error) {
    const char *equals = strchr(text, '=');
    // Only the name is repeated: the value may be a secret.
    if (equals == NULL || equals == text)
        return error_set(error, ERROR_USAGE, "-X takes PROPERTY=VALUE");
    if (options->property_count == OPTIONS_PROPERTIES_MAX)
        return error_set(error, ERROR_USAGE, "at most %d -X", OPTIONS_PROPERTIES_MAX);
    char *copy = strdup(text);
    if (copy == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    copy[equals - text] = '\0';
    options->property_text[options->property_count] = copy;
    options->properties[options->property_count++] =
        (struct kafka_property){copy, copy + (equals - text) + 1};
    return 0;
}

// TIDEMARK_X: one PROPERTY=VALUE a line, so that secrets need not stand on the command line. As in Kafka's own files of properties a
// line that begins with # is none, and a line may end as Windows ends it: the return would be part of a password.
static int options_read_environment_properties(struct options *options, struct error *error) {
    const char *lines = options_asks_broker(options->command) ? getenv("TIDEMARK_X") : NULL;
    for (int number = 1; lines != NULL && *lines != '\0'; number++) {
        size_t size = strcspn(lines, "\n");
        char line[4096];
        if (size >= sizeof line)
            return error_set(error, ERROR_USAGE, "TIDEMARK_X: a line is longer than %zu bytes",
                             sizeof line - 1);
        memcpy(line, lines, size);
        line[size - (size > 0 && line[size - 1] == '\r')] = '\0';
        if (line[0] != '\0' && line[0] != '#' && options_add_property(options, line, error) != 0)
            return error_prefix(error, "TIDEMARK_X, line %d", number);
        lines += size + (lines[size] == '\n');
    }
    return 0;
}

// That of the command where it has one, else another's.
static const struct option *options_find_name(enum command command, const char *flag, size_t size) {
    const struct option *found = NULL;
    for (size_t i = 0; i < sizeof option_table / sizeof *option_table; i++) {
        const struct option *option = &option_table[i];
        if (strlen(option->flag) == size && memcmp(option->flag, flag, size) == 0 &&
            (found == NULL || (option->commands & (1 << command)) != 0))
            found = option;
    }
    return found;
}

// " is there, and may be meant" of the command's flag that is called nearly so; "" where none is.
static const char *options_meant(enum command command, const char *flag, size_t size, char ret[128]) {
    char name[64];
    ret[0] = '\0';
    if (size >= sizeof name)
        return ret;
    memcpy(name, flag, size);
    name[size] = '\0';
    for (size_t i = 0; i < sizeof option_table / sizeof *option_table && ret[0] == '\0'; i++)
        if ((option_table[i].commands & (1 << command)) != 0 && nearest_is(name, option_table[i].flag))
            (void)snprintf(ret, 128, "%s is there, and may be meant; ", option_table[i].flag);
    return ret;
}

static const struct option *options_find_option(enum command command, const char *argument,
                                                const char **ret_value) {
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    *ret_value = equals != NULL ? equals + 1 : NULL;
    return options_find_name(command, argument, size);
}

static const char *options_command_name(enum command command) {
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (command_table[i].command == command)
            return command_table[i].name;
    return "";
}

// The file is read before the flags are, since these win: only its own flag is looked for. What is wrong with
// the others is told later.
static const char *options_find_config(int argc, char **argv) {
    const char *found = getenv("TIDEMARK_CONFIG");
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value;
        const struct option *option = options_find_option(COMMAND_NONE, argv[i], &value);
        bool takes_next =
            strcmp(argv[i], "-X") == 0 || (option != NULL && option->argument != NULL && value == NULL);
        if (takes_next && i + 1 < argc)
            value = argv[++i];
        if (option != NULL && strcmp(option->flag, "--config") == 0 && value != NULL)
            found = value;
    }
    return found;
}

static int options_refuse_key(enum command command, const char *path, const char *key, struct error *error) {
    char keys[ERROR_MESSAGE_SIZE] = "";
    size_t used = 0;
    for (size_t i = 0; i < sizeof option_table / sizeof *option_table && used < sizeof keys; i++)
        if ((option_table[i].commands & (1 << command)) != 0 && strcmp(option_table[i].flag, "--config") != 0)
            used += (size_t)snprintf(keys + used, sizeof keys - used, "%s%s", used > 0 ? ", " : "",
                                     option_table[i].flag + 2);
    return error_set(error, ERROR_USAGE, "--config %s: there is no key \"%s\"; there are %s%s", path, key,
                     keys, options_asks_broker(command) ? ", X" : "");
}

// A key of another command's flag is passed over, so that one file does for all commands.
static int options_read_setting(struct options *options, const char *path,
                                const struct config_setting *setting, struct error *error) {
    char name[256];
    if (setting->property) {
        CLEANUP(buffer_free) struct buffer text = {0};
        buffer_format(&text, "%s=%s", setting->name, setting->value);
        buffer_char(&text, '\0');
        if (text.failed)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        return options_asks_broker(options->command) ? options_add_property(options, text.data, error) : 0;
    }
    int size = snprintf(name, sizeof name, "--%s", setting->name);
    const struct option *option = size > 0 && (size_t)size < sizeof name
                                      ? options_find_name(options->command, name, (size_t)size)
                                      : NULL;
    if (option == NULL || strcmp(option->flag, "--config") == 0)
        return options_refuse_key(options->command, path, setting->name, error);
    if ((option->commands & (1 << options->command)) == 0)
        return 0;
    return options_set_option(options, option, setting->name, setting->value, error) == 0
               ? 0
               : error_prefix(error, "--config %s", path);
}

static int options_read_config(struct options *options, const char *path, struct error *error) {
    if (path == NULL)
        return 0;
    options->config_file = calloc(1, sizeof *options->config_file);
    if (options->config_file == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (config_file_read(options->config_file, path, error) != 0)
        return -1;
    for (int i = 0; i < options->config_file->count; i++)
        if (options_read_setting(options, path, &options->config_file->settings[i], error) != 0)
            return -1;
    return 0;
}

static int options_read_flag(struct options *options, int argc, char **argv, int *at, struct error *error) {
    const char *argument = argv[*at];
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        options->help = true;
        return 0;
    }
    if (strncmp(argument, "-X", 2) == 0) {
        const char *text = argument[2] != '\0' ? argument + 2 : *at + 1 < argc ? argv[++*at] : "";
        return options_asks_broker(options->command)
                   ? options_add_property(options, text, error)
                   : error_set(error, ERROR_USAGE, "-X is for the commands that ask a broker");
    }
    const char *value;
    const struct option *option = options_find_option(options->command, argument, &value);
    char meant[128];
    if (option == NULL || (option->commands & (1 << options->command)) == 0)
        return error_set(error, ERROR_USAGE, "`tidemark %s` has no flag %s; %ssee `tidemark %s --help`",
                         options_command_name(options->command), argument,
                         options_meant(options->command, argument, strcspn(argument, "="), meant),
                         options_command_name(options->command));
    if (option->argument == NULL)
        return value == NULL ? options_set_option(options, option, option->flag, NULL, error)
                             : error_set(error, ERROR_USAGE, "%s takes no value", option->flag);
    if (value == NULL && *at + 1 >= argc)
        return error_set(error, ERROR_USAGE, "%s needs a value: %s", option->flag, option->argument);
    return options_set_option(options, option, option->flag, value != NULL ? value : argv[++*at], error);
}

static int options_check_choice(const char *name, const char *value, const char *const *choices,
                                struct error *error) {
    for (int i = 0; choices[i] != NULL; i++)
        if (value == NULL || strcmp(value, choices[i]) == 0)
            return 0;
    char all[128] = "";
    size_t used = 0;
    for (int i = 0; choices[i] != NULL && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                 i == 0                   ? ""
                                 : choices[i + 1] == NULL ? " or "
                                                          : ", ",
                                 choices[i]);
    return error_set(error, ERROR_USAGE, "%s %s: it is %s", name, value, all);
}

// `tidemark run` and those that look at topics, or at a capture in their place.
static int options_check_broker(const struct options *options, struct error *error) {
    const char *command = options_command_name(options->command);
    if (!options_asks_broker(options->command) ||
        (options->command == COMMAND_INIT && options->ddl != NULL && options->brokers == NULL))
        return 0;
    if (options->command != COMMAND_RUN && options->capture != NULL)
        return options->brokers == NULL
                   ? 0
                   : error_set(error, ERROR_USAGE, "`tidemark %s` takes --brokers or --capture, not both",
                               command);
    if (options->brokers == NULL)
        return error_set(error, ERROR_USAGE,
                         "`tidemark %s` needs --brokers HOST:PORT (or TIDEMARK_BROKERS)%s", command,
                         options->command == COMMAND_RUN ? "" : ", or --capture FILE");
    if (options->prefix == NULL || options->prefix[0] == '\0')
        return error_set(error, ERROR_USAGE,
                         "`tidemark %s` needs --prefix NAME, the connector's topic.prefix", command);
    return 0;
}

// No topic that Kafka takes begins with another one.
static int options_check_prefix(const char *prefix, struct error *error) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (prefix == NULL ||
        (strspn(prefix, letters) == strlen(prefix) && strlen(prefix) <= OPTIONS_TOPIC_SIZE_MAX))
        return 0;
    return error_set(
        error, ERROR_USAGE,
        "--prefix %s: it is what topics begin with, of letters, digits, dots, underscores and hyphens",
        prefix);
}

static bool options_needs_db(enum command command) {
    return command != COMMAND_DEMO && command != COMMAND_CHECK && command != COMMAND_PROVE &&
           command != COMMAND_STATUS && ((1 << command) & FOR_LOOKS) == 0;
}

static int options_check_limits(const struct options *options, struct error *error) {
    if (options->max_connections < OPTIONS_CONNECTIONS_LEAST ||
        options->max_connections > OPTIONS_CONNECTIONS_MAX)
        return error_set(error, ERROR_USAGE, "--max-connections %lld: it is %d to %d",
                         (long long)options->max_connections, OPTIONS_CONNECTIONS_LEAST,
                         OPTIONS_CONNECTIONS_MAX);
    if (options->max_connections_per_address > OPTIONS_CONNECTIONS_MAX)
        return error_set(error, ERROR_USAGE, "--max-connections-per-address %lld: it is 0 to %d",
                         (long long)options->max_connections_per_address, OPTIONS_CONNECTIONS_MAX);
    if (options->request_timeout < 1 || options->request_timeout > OPTIONS_REQUEST_S_MAX)
        return error_set(error, ERROR_USAGE, "--request-timeout %g: it is 1 to %d seconds",
                         options->request_timeout, OPTIONS_REQUEST_S_MAX);
    if (options->answer_memory_mb < OPTIONS_ANSWER_MB_LEAST ||
        options->answer_memory_mb > OPTIONS_ANSWER_MB_MAX)
        return error_set(error, ERROR_USAGE, "--answer-memory-mb %lld: it is %d to %d",
                         (long long)options->answer_memory_mb, OPTIONS_ANSWER_MB_LEAST,
                         OPTIONS_ANSWER_MB_MAX);
    return 0;
}

static int options_check(const struct options *options, struct error *error) {
    static const char *const formats[] = {"text", "json", NULL};
    static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
    static const char *const timelines[] = {"halt", "accept", NULL};
    static const char *const view_errors[] = {"halt", "disable", NULL};
    if (options_check_choice("--log-format", options->log_format, formats, error) != 0 ||
        options_check_choice("--log-level", options->log_level, levels, error) != 0 ||
        options_check_choice("--on-timeline", options->on_timeline, timelines, error) != 0 ||
        options_check_choice("--on-view-error", options->on_view_error, view_errors, error) != 0)
        return -1;
    if (options->commit_messages < 1 || options->commit_messages > OPTIONS_COMMIT_MESSAGES_MAX)
        return error_set(error, ERROR_USAGE, "--commit-messages %lld: it is 1 to %d",
                         (long long)options->commit_messages, OPTIONS_COMMIT_MESSAGES_MAX);
    if (options->wal_max_mb != 0 &&
        (options->wal_max_mb < OPTIONS_WAL_MB_LEAST || options->wal_max_mb > OPTIONS_WAL_MB_MAX))
        return error_set(error, ERROR_USAGE, "--wal-max-mb %lld: it is %d to %d",
                         (long long)options->wal_max_mb, OPTIONS_WAL_MB_LEAST, OPTIONS_WAL_MB_MAX);
    if (options->transaction_wait_ms > OPTIONS_WAIT_MS_MAX)
        return error_set(error, ERROR_USAGE, "--transaction-wait-ms %lld: it is 0 to %d, a day",
                         (long long)options->transaction_wait_ms, OPTIONS_WAIT_MS_MAX);
    if (options_check_broker(options, error) != 0 || options_check_limits(options, error) != 0 ||
        options_check_prefix(options->prefix, error) != 0)
        return -1;
    if (options_needs_db(options->command) && options->db == NULL)
        return error_set(error, ERROR_USAGE, "`tidemark %s` needs --db FILE (or TIDEMARK_DB)",
                         options_command_name(options->command));
    if (options->command == COMMAND_PROVE && options->postgres != NULL &&
        (options->db == NULL || options->capture_count > 0))
        return error_set(error, ERROR_USAGE,
                         "`tidemark prove --postgres` needs --db FILE, the mirror, and takes no CAPTURE");
    if (options->command == COMMAND_PROVE && options->db == NULL && options->capture_count == 0)
        return error_set(
            error, ERROR_USAGE,
            "`tidemark prove` needs a CAPTURE, or --db FILE, whose views are looked at as they stand");
    if (options->command == COMMAND_REPLAY && options->capture_count == 0)
        return error_set(error, ERROR_USAGE, "`tidemark replay` needs at least one CAPTURE");
    return 0;
}

static int options_read_command(struct options *options, const char *argument, struct error *error) {
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(command_table[i].name, argument) == 0)
            options->command = command_table[i].command;
    if (options->command == COMMAND_NONE)
        return error_set(
            error, ERROR_USAGE,
            "there is no command %s; there are run, demo, replay, serve, check, init, doctor, prove, status and quarantine",
            argument);
    return 0;
}

static_assert(APPLY_COMMIT_MESSAGES == BOUND(250000, 8), "as --help says");

int options_parse(struct options *ret, int argc, char **argv, struct error *error) {
    *ret = (struct options){.listen = "127.0.0.1:8080",
                            .url = "http://127.0.0.1:8080",
                            .seed = 1,
                            .transaction_wait_ms = 5000,
                            .silent_after_ms = 60000,
                            .feed_window = 300,
                            .answer_memory_mb = 256,
                            .max_connections = 10240,
                            .max_connections_per_address = 256,
                            .request_timeout = 10,
                            .wait = 30,
                            .commit_messages = APPLY_COMMIT_MESSAGES};
    if (argc < 2)
        return error_set(error, ERROR_USAGE, "which command? See `tidemark --help`");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return ret->help = true, 0;
    if (strcmp(argv[1], "--version") == 0)
        return ret->version = true, 0;
    if (options_read_command(ret, argv[1], error) != 0 ||
        options_read_config(ret, options_find_config(argc, argv), error) != 0 ||
        options_check_twins(error) != 0 || options_read_environment(ret, error) != 0)
        return -1;
    bool flags = true;
    if (options_read_environment_properties(ret, error) != 0)
        return -1;
    for (int i = 2; i < argc; i++) {
        if (flags && strcmp(argv[i], "--") == 0) {
            flags = false;
        } else if (flags && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (options_read_flag(ret, argc, argv, &i, error) != 0)
                return -1;
        } else if ((ret->command == COMMAND_REPLAY || ret->command == COMMAND_PROVE ||
                    ret->command == COMMAND_QUARANTINE) &&
                   ret->capture_count < OPTIONS_CAPTURES_MAX) {
            ret->captures[ret->capture_count++] = argv[i];
        } else {
            return error_set(error, ERROR_USAGE, "`tidemark %s` does not take %s", argv[1], argv[i]);
        }
    }
    return ret->help ? 0 : options_check(ret, error);
}

void options_done(struct options *options) {
    for (int i = 0; i < options->property_count; i++)
        free(options->property_text[i]);
    options->property_count = 0;
    if (options->config_file != NULL)
        config_file_free(options->config_file);
    free(options->config_file);
    options->config_file = NULL;
}

const char *options_library_version(void) {
    return config_file_library_version();
}
