#include "views/engine/catalog/source/text.h"

#include "views/base/utf8.h"
#include "views/engine/catalog/source/migration_mark.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

// Where the reader of the text stands.
struct lexer {
    struct source_text *source;
    size_t at;
    int parentheses;
    int atomic;               // BEGIN ATOMIC and CASE that are open in a function's body
    bool begins;              // the word before is BEGIN
    size_t verb;              // where the word before begins if it is CREATE, ALTER or DROP, 0 = it is none
    bool has_open;            // a statement has begun
    enum migration_mark part; // DOWN: statements here take back what others made
    struct error *error;
};

void source_text_free(struct source_text *source) {
    free(source->text);
    free(source->lines);
    free(source->statements);
    free(source->directives);
    free(source->comments);
    free(source->includes);
    free(source->long_names);
    *source = (struct source_text){0};
}

int source_text_line(const struct source_text *source, size_t at) {
    int low = 0;
    for (int high = source->line_count; high - low > 1;) {
        int middle = low + (high - low) / 2;
        if (source->lines[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

int source_text_error(const struct source_text *source, size_t at, struct error *error, const char *format,
                      ...) {
    if (error == NULL)
        return -1;
    char message[ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    at = at < source->size ? at : source->size;
    size_t first = at;
    while (first > 0 && source->text[first - 1] != '\n')
        first--;
    const int column = 1 + (int)utf8_count(source->text + first, at - first);
    (void)error_set(error, ERROR_INPUT, "source.sql:%d:%d: %s", source_text_line(source, at), column,
                    message);
    error_excerpt(error->excerpt, source->text, source->size, at);
    return -1;
}

static bool source_text_is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static char source_text_peek(const struct lexer *lexer, size_t ahead) {
    size_t at = lexer->at + ahead;
    return at < lexer->source->size ? lexer->source->text[at] : '\0';
}

static bool source_text_is_newline(const struct lexer *lexer) {
    return source_text_peek(lexer, 0) == '\n';
}

static int source_text_out_of_memory(struct lexer *lexer) {
    return error_set(lexer->error, ERROR_SYSTEM, "out of memory");
}

static int source_text_add_directive(struct lexer *lexer, size_t from, size_t to) {
    struct source_text *source = lexer->source;
    struct source_directive *grown =
        realloc(source->directives, ((size_t)source->directive_count + 1) * sizeof *grown);
    if (grown == NULL)
        return source_text_out_of_memory(lexer);
    source->directives = grown;
    while (from < to && isspace((unsigned char)source->text[from]))
        from++;
    while (to > from && isspace((unsigned char)source->text[to - 1]))
        to--;
    source->directives[source->directive_count++] =
        (struct source_directive){from, {source->text + from, to - from}};
    return 0;
}

static int source_text_add_comment(struct lexer *lexer, size_t from) {
    static const char ours[] = "tidemark";
    struct source_text *source = lexer->source;
    size_t word = from + 2;
    while (word < lexer->at && (source->text[word] == ' ' || source->text[word] == '\t'))
        word++;
    if (lexer->at - word < sizeof ours - 1 || strncasecmp(source->text + word, ours, sizeof ours - 1) != 0)
        return 0;
    struct span *grown = realloc(source->comments, ((size_t)source->comment_count + 1) * sizeof *grown);
    if (grown == NULL)
        return source_text_out_of_memory(lexer);
    source->comments = grown;
    grown[source->comment_count++] = (struct span){source->text + from, lexer->at - from};
    return 0;
}

static void source_text_close(struct lexer *lexer);

// The last statement of a part needs no semicolon.
static int source_text_part(struct lexer *lexer, size_t at, struct span comment) {
    const enum migration_mark mark =
        lexer->source->as_first ? MIGRATION_MARK_NONE : source_migration_mark(comment);
    if (mark == MIGRATION_MARK_NONE || lexer->parentheses > 0 || lexer->atomic > 0)
        return 0;
    if (mark == MIGRATION_MARK_DOWN_FOR_GOOD && lexer->part == mark)
        return source_text_error(
            lexer->source, at, lexer->error,
            "this line has come before: what stands between, another file's it seems, would be passed over "
            "with what takes back the first one's: leave out what stands below such lines");
    source_text_close(lexer);
    lexer->part = mark;
    return 0;
}

static int source_text_line_comment(struct lexer *lexer) {
    static const char ours[] = "tidemark:";
    size_t begin = lexer->at;
    size_t from = lexer->at + 2;
    while (lexer->at < lexer->source->size && !source_text_is_newline(lexer))
        lexer->at++;
    if (source_text_add_comment(lexer, begin) != 0 ||
        source_text_part(lexer, begin, (struct span){lexer->source->text + from, lexer->at - from}) != 0)
        return -1;
    while (from < lexer->at && lexer->source->text[from] == ' ')
        from++;
    if (lexer->at - from < sizeof ours - 1 || memcmp(lexer->source->text + from, ours, sizeof ours - 1) != 0)
        return 0;
    return source_text_add_directive(lexer, from + sizeof ours - 1, lexer->at);
}

static int source_text_block_comment(struct lexer *lexer) {
    size_t begin = lexer->at;
    int depth = 0;
    do {
        if (lexer->at >= lexer->source->size)
            return source_text_error(lexer->source, begin, lexer->error, "a comment that does not end");
        bool opens = source_text_peek(lexer, 0) == '/' && source_text_peek(lexer, 1) == '*';
        bool closes = source_text_peek(lexer, 0) == '*' && source_text_peek(lexer, 1) == '/';
        depth += opens ? 1 : closes ? -1 : 0;
        lexer->at += opens || closes ? 2 : 1;
    } while (depth > 0);
    return 0;
}

static int source_text_add_long_name(struct lexer *lexer, size_t begin) {
    struct source_text *source = lexer->source;
    struct source_long_name *grown =
        realloc(source->long_names, ((size_t)source->long_name_count + 1) * sizeof *grown);
    if (grown == NULL)
        return source_text_out_of_memory(lexer);
    source->long_names = grown;
    grown[source->long_name_count++] = (struct source_long_name){begin, lexer->at - begin};
    return 0;
}

// 'text', E'text' and "name"; a quote inside is doubled, or escaped where backslashes escape.
static int source_text_quoted(struct lexer *lexer, char quote, bool backslash) {
    size_t begin = lexer->at++;
    for (;;) {
        if (lexer->at >= lexer->source->size)
            return source_text_error(lexer->source, begin, lexer->error, "a quote that does not end");
        char c = source_text_peek(lexer, 0);
        if (c == quote && source_text_peek(lexer, 1) != quote)
            break;
        lexer->at += c == quote || (backslash && c == '\\') ? 2 : 1;
    }
    lexer->at++;
    bool escaped = begin > 0 && lexer->source->text[begin - 1] == '&'; // U&"name"
    return quote == '"' && !escaped && lexer->at - begin - 2 > SOURCE_NAME_MAX
               ? source_text_add_long_name(lexer, begin)
               : 0;
}

// $tag$ .. $tag$, or a dollar sign that opens nothing.
static int source_text_dollar(struct lexer *lexer) {
    size_t begin = lexer->at;
    size_t size = 1;
    while (source_text_is_word(source_text_peek(lexer, size)))
        size++;
    if (source_text_peek(lexer, size) != '$' || isdigit((unsigned char)source_text_peek(lexer, 1))) {
        lexer->at++;
        return 0;
    }
    size++;
    const char *text = lexer->source->text;
    for (lexer->at += size; lexer->at + size <= lexer->source->size; lexer->at++)
        if (memcmp(text + lexer->at, text + begin, size) == 0) {
            lexer->at += size;
            return 0;
        }
    return source_text_error(lexer->source, begin, lexer->error, "a dollar quote that does not end");
}

static void source_text_blank_line(struct lexer *lexer) {
    for (; lexer->at < lexer->source->size && !source_text_is_newline(lexer); lexer->at++)
        lexer->source->text[lexer->at] = ' ';
}

// Whether psql's command at the lexer's place is one of those.
static bool source_text_is_command(const struct lexer *lexer, const char *const *commands) {
    const char *at = lexer->source->text + lexer->at + 1;
    size_t size = 0;
    while (source_text_is_word(at[size]))
        size++;
    for (; *commands != NULL; commands++)
        if (strlen(*commands) == size && strncmp(at, *commands, size) == 0)
            return true;
    return false;
}

static int source_text_note_include(struct lexer *lexer) {
    static const char *const commands[] = {"i", "ir", "include", "include_relative", NULL};
    struct source_text *source = lexer->source;
    if (!source_text_is_command(lexer, commands))
        return 0;
    size_t *grown = realloc(source->includes, ((size_t)source->include_count + 1) * sizeof *grown);
    if (grown == NULL)
        return source_text_out_of_memory(lexer);
    source->includes = grown;
    grown[source->include_count++] = lexer->at;
    return 0;
}

static bool source_text_begins_line(const struct lexer *lexer) {
    size_t at = lexer->at;
    while (at > 0 && (lexer->source->text[at - 1] == ' ' || lexer->source->text[at - 1] == '\t'))
        at--;
    return at == 0 || lexer->source->text[at - 1] == '\n';
}

static struct source_statement *source_text_open(struct lexer *lexer) {
    struct source_text *source = lexer->source;
    if (lexer->has_open)
        return &source->statements[source->statement_count - 1];
    struct source_statement *grown =
        realloc(source->statements, ((size_t)source->statement_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    source->statements = grown;
    const bool takes_back = lexer->part == MIGRATION_MARK_DOWN || lexer->part == MIGRATION_MARK_DOWN_FOR_GOOD;
    source->statements[source->statement_count] =
        (struct source_statement){.at = lexer->at, .undone = takes_back, .takes_back = takes_back};
    lexer->has_open = true;
    lexer->parentheses = lexer->atomic = 0;
    lexer->begins = false;
    lexer->verb = 0;
    return &source->statements[source->statement_count++];
}

static bool source_text_word_is(struct span word, const char *text) {
    return word.size == strlen(text) && strncasecmp(word.data, text, word.size) == 0;
}

bool source_text_word_among(const struct source_statement *statement, int number, const char *const *words) {
    for (; *words != NULL && number < statement->word_count; words++)
        if (source_text_word_is(statement->words[number], *words))
            return true;
    return false;
}

// How deep in a function's body this word leaves the text. ATOMIC elsewhere is a name as any other, which it was not before.
static void source_text_count_body(struct lexer *lexer, struct source_statement *statement,
                                   struct span word) {
    bool begins = (lexer->begins || lexer->source->as_before) && source_text_word_is(word, "atomic");
    statement->has_body |= begins;
    if (begins || (lexer->atomic > 0 && source_text_word_is(word, "case")))
        lexer->atomic++;
    else if (lexer->atomic > 0 && source_text_word_is(word, "end"))
        lexer->atomic--;
    lexer->begins = lexer->parentheses == 0 && source_text_word_is(word, "begin");
}

// CREATE TABLE and its like within a statement: behind one that lacks its semicolon another begins.
static void source_text_note_swallowed(struct lexer *lexer, struct source_statement *statement,
                                       struct span word, size_t at) {
    static const char *const verbs[] = {"create", "alter", "drop"};
    static const char *const objects[] = {"table", "type", "domain", "unlogged", "unique", "schema"};
    const size_t verb = lexer->verb;
    lexer->verb = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs && lexer->parentheses == 0; i++)
        if (at > statement->at && source_text_word_is(word, verbs[i]))
            lexer->verb = at;
    for (size_t i = 0; i < sizeof objects / sizeof *objects && verb > 0; i++)
        if (statement->swallowed == 0 && source_text_word_is(word, objects[i]))
            statement->swallowed = verb;
}

// A name, a keyword or a number. E'..' opens a string whose backslashes escape.
static int source_text_word(struct lexer *lexer) {
    struct source_statement *statement = source_text_open(lexer);
    if (statement == NULL)
        return source_text_out_of_memory(lexer);
    struct span word = {lexer->source->text + lexer->at, 0};
    while (source_text_is_word(source_text_peek(lexer, 0)) || source_text_peek(lexer, 0) == '$') {
        lexer->at++;
        word.size++;
    }
    if (source_text_word_is(word, "e") && source_text_peek(lexer, 0) == '\'')
        return source_text_quoted(lexer, '\'', true);
    if (word.size > SOURCE_NAME_MAX && !isdigit((unsigned char)word.data[0]) &&
        source_text_add_long_name(lexer, lexer->at - word.size) != 0)
        return -1;
    if (statement->word_count < SOURCE_WORDS_MAX)
        statement->words[statement->word_count++] = word;
    source_text_count_body(lexer, statement, word);
    source_text_note_swallowed(lexer, statement, word, lexer->at - word.size);
    return 0;
}

// FROM STDIN, with options behind it or without. A program of before knew it at the end alone.
static bool source_text_is_copy(const struct lexer *lexer, const struct source_statement *copy) {
    static const char stdin_word[] = "stdin", from[] = "from";
    const char *text = lexer->source->text + copy->at;
    if (copy->word_count == 0 || !source_text_word_is(copy->words[0], "copy") ||
        copy->size < sizeof stdin_word)
        return false;
    const size_t last = copy->size - (sizeof stdin_word - 1);
    for (size_t at = lexer->source->as_first ? last : sizeof from; at <= last; at++) {
        size_t before = at;
        while (before > 0 && isspace((unsigned char)text[before - 1]))
            before--;
        if (strncasecmp(text + at, stdin_word, sizeof stdin_word - 1) == 0 &&
            (at == last || !source_text_is_word(text[at + sizeof stdin_word - 1])) &&
            (lexer->source->as_first ||
             (before < at && before >= sizeof from - 1 &&
              strncasecmp(text + before - (sizeof from - 1), from, sizeof from - 1) == 0)))
            return true;
    }
    return false;
}

// The rows that follow COPY .. FROM stdin, up to its \. line.
static void source_text_blank_rows(struct lexer *lexer, const struct source_statement *copy) {
    if (!source_text_is_copy(lexer, copy))
        return;
    while (lexer->at < lexer->source->size) {
        bool last = source_text_begins_line(lexer) && source_text_peek(lexer, 0) == '\\' &&
                    source_text_peek(lexer, 1) == '.';
        source_text_blank_line(lexer);
        lexer->at++;
        if (last)
            return;
    }
}

static void source_text_close(struct lexer *lexer) {
    struct source_text *source = lexer->source;
    if (!lexer->has_open)
        return;
    lexer->has_open = false;
    struct source_statement *statement = &source->statements[source->statement_count - 1];
    size_t end = lexer->at;
    while (end > statement->at && isspace((unsigned char)source->text[end - 1]))
        end--;
    statement->size = end - statement->at;
}

static int source_text_other(struct lexer *lexer, char c) {
    if (c == ';' && lexer->parentheses == 0 && lexer->atomic == 0) {
        bool was_open = lexer->has_open;
        source_text_close(lexer);
        lexer->at++;
        if (was_open)
            source_text_blank_rows(lexer, &lexer->source->statements[lexer->source->statement_count - 1]);
        return 0;
    }
    if (source_text_open(lexer) == NULL)
        return source_text_out_of_memory(lexer);
    lexer->begins = false;
    lexer->verb = 0;
    if (c == '\'' || c == '"')
        return source_text_quoted(lexer, c, false);
    if (c == '$')
        return source_text_dollar(lexer);
    lexer->parentheses += c == '(' ? 1 : c == ')' && lexer->parentheses > 0 ? -1 : 0;
    lexer->at++;
    return 0;
}

// psql's \g and its like end a statement as a semicolon does.
static bool source_text_sends(const struct lexer *lexer) {
    static const char *const commands[] = {"g",     "gx",           "gset",  "gexec",
                                           "gdesc", "crosstabview", "watch", NULL};
    return !lexer->source->as_first && lexer->has_open && lexer->parentheses == 0 && lexer->atomic == 0 &&
           source_text_is_command(lexer, commands);
}

static int source_text_psql(struct lexer *lexer) {
    if (source_text_sends(lexer))
        source_text_close(lexer);
    if (source_text_note_include(lexer) != 0)
        return -1;
    source_text_blank_line(lexer);
    return 0;
}

static int source_text_next(struct lexer *lexer) {
    char c = source_text_peek(lexer, 0);
    if (isspace((unsigned char)c)) {
        lexer->at++;
        return 0;
    }
    if (c == '\\' && (source_text_begins_line(lexer) || source_text_sends(lexer)))
        return source_text_psql(lexer);
    if (c == '-' && source_text_peek(lexer, 1) == '-')
        return source_text_line_comment(lexer);
    if (c == '/' && source_text_peek(lexer, 1) == '*')
        return source_text_block_comment(lexer);
    return source_text_is_word(c) ? source_text_word(lexer) : source_text_other(lexer, c);
}

static bool source_text_find_lines(struct source_text *source) {
    int count = 1;
    for (size_t i = 0; i < source->size; i++)
        count += source->text[i] == '\n';
    source->lines = malloc((size_t)count * sizeof *source->lines);
    if (source->lines == NULL)
        return false;
    source->lines[source->line_count++] = 0;
    for (size_t i = 0; i < source->size; i++)
        if (source->text[i] == '\n')
            source->lines[source->line_count++] = i + 1;
    return true;
}

static int source_text_read_as(const char *text, bool as_first, bool as_before, struct source_text *ret,
                               struct error *error) {
    *ret = (struct source_text){
        .text = strdup(text), .size = strlen(text), .as_first = as_first, .as_before = as_before};
    struct lexer lexer = {.source = ret, .error = error};
    if (ret->text == NULL || !source_text_find_lines(ret)) {
        source_text_free(ret);
        return source_text_out_of_memory(&lexer);
    }
    memset(ret->text, ' ', utf8_mark(ret->text, ret->size));
    while (lexer.at < ret->size)
        if (source_text_next(&lexer) != 0) {
            source_text_free(ret);
            return -1;
        }
    if (lexer.has_open)
        ret->statements[ret->statement_count - 1].is_open = lexer.parentheses > 0 || lexer.atomic > 0;
    source_text_close(&lexer);
    return 0;
}

int source_text_read(const char *text, struct source_text *ret, struct error *error) {
    return source_text_read_as(text, false, false, ret, error);
}

int source_text_read_as_first(const char *text, struct source_text *ret, struct error *error) {
    return source_text_read_as(text, true, false, ret, error);
}

int source_text_read_as_before(const char *text, struct source_text *ret, struct error *error) {
    return source_text_read_as(text, true, true, ret, error);
}
