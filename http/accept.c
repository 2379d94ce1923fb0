#include "http/accept.h"

#include <string.h>
#include <strings.h>

static struct span accept_trim(struct span text) {
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (struct span){text.data + 1, text.size - 1};
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

// Takes what stands before the next `separator` off `rest`, trimmed. False when nothing is left.
static bool accept_take(struct span *rest, char separator, struct span *ret) {
    if (rest->data == NULL)
        return false;
    const char *at = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    size_t size = at != NULL ? (size_t)(at - rest->data) : rest->size;
    *ret = accept_trim((struct span){rest->data, size});
    *rest = at != NULL ? (struct span){at + 1, rest->size - size - 1} : (struct span){0};
    return true;
}

// "0.75" as 750.
static int accept_parse_weight(struct span text) {
    if (text.size == 0 || (text.data[0] != '0' && text.data[0] != '1'))
        return 0;
    int weight = (text.data[0] - '0') * 1000;
    int unit = 100;
    for (size_t i = 2; i < text.size && unit > 0 && text.data[i] >= '0' && text.data[i] <= '9';
         i++, unit /= 10)
        weight += (text.data[i] - '0') * unit;
    return weight < 1000 ? weight : 1000;
}

static bool accept_begins(struct span text, const char *begin) {
    return text.size >= strlen(begin) && strncasecmp(text.data, begin, strlen(begin)) == 0;
}

static bool accept_is(struct span text, const char *word) {
    return text.size == strlen(word) && accept_begins(text, word);
}

struct accepted {
    struct span name;
    int weight; // 0 to 1000
    bool without_nulls;
};

static struct accepted accept_read(struct span item) {
    struct accepted ret = {.weight = 1000};
    struct span parameter;
    (void)accept_take(&item, ';', &ret.name);
    while (accept_take(&item, ';', &parameter))
        if (accept_begins(parameter, "q="))
            ret.weight = accept_parse_weight((struct span){parameter.data + 2, parameter.size - 2});
        else if (accept_is(parameter, "nulls=stripped"))
            ret.without_nulls = true;
    return ret;
}

// A coding's weight; -1 = the header does not name it.
static int accept_weight_of(struct span accept, const char *coding) {
    struct span item;
    while (accept_take(&accept, ',', &item)) {
        const struct accepted accepted = accept_read(item);
        if (accept_is(accepted.name, coding))
            return accepted.weight;
    }
    return -1;
}

// How exactly a range names a type: itself, text/*, */*; 0 = not.
static int accept_names(struct span range, const char *type) {
    size_t main_size = (size_t)(strchr(type, '/') - type) + 1;
    if (accept_is(range, type))
        return 3;
    if (range.size == main_size + 1 && range.data[main_size] == '*' &&
        strncasecmp(range.data, type, main_size) == 0)
        return 2;
    return span_is(range, "*/*");
}

struct preference {
    int weight; // of the range that names the type most exactly, 0 = it is not wanted
    int names;
    int place; // in the list
};

static struct preference accept_preference(struct span accept, const char *type) {
    struct preference ret = {0};
    struct span item;
    for (int place = 0; accept_take(&accept, ',', &item); place++) {
        const struct accepted accepted = accept_read(item);
        int names = accept_names(accepted.name, type);
        if (names > ret.names)
            ret = (struct preference){accepted.weight, names, place};
    }
    return ret;
}

// The one that is named comes before another that is wanted as much, and of two that are named the first.
static bool accept_is_wanted_more(struct preference a, struct preference b) {
    if (a.weight != b.weight || a.weight == 0)
        return a.weight > b.weight;
    return a.names == 3 && (b.names < 3 || a.place < b.place);
}

enum format accept_format(struct span accept) {
    static const struct {
        enum format format;
        bool only_named; // who takes any type does not mean it
        const char *type;
    } forms[] = {{FORMAT_OBJECT, true, "application/vnd.pgrst.object+json"},
                 {FORMAT_ARRAY, true, "application/vnd.pgrst.array+json"},
                 {FORMAT_JSON, false, "application/json"},
                 {FORMAT_CSV, false, "text/csv"},
                 {FORMAT_NDJSON, false, "application/x-ndjson"}};
    enum format format = FORMAT_JSON;
    struct preference best = {0};
    for (size_t i = 0; accept.data != NULL && i < sizeof forms / sizeof *forms; i++) {
        struct preference wanted = accept_preference(accept, forms[i].type);
        if ((forms[i].only_named && wanted.names < 3) || !accept_is_wanted_more(wanted, best))
            continue;
        best = wanted;
        format = forms[i].format;
    }
    return format;
}

bool accept_wants_lines(struct span accept) {
    return accept.data != NULL && accept_is_wanted_more(accept_preference(accept, "application/x-ndjson"),
                                                        accept_preference(accept, "text/event-stream"));
}

// Whether it may be answered with something that is made, any type among them.
static bool accept_is_made(struct span name) {
    static const char *const types[] = {"*/*",
                                        "application/*",
                                        "text/*",
                                        "application/json",
                                        "text/csv",
                                        "application/x-ndjson",
                                        "application/vnd.pgrst.object+json",
                                        "application/vnd.pgrst.array+json"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (accept_is(name, types[i]))
            return true;
    return false;
}

struct span accept_not_made(struct span accept) {
    struct span not_made = {0};
    bool made = false;
    struct span item;
    while (accept_take(&accept, ',', &item)) {
        const struct accepted accepted = accept_read(item);
        if (accepted.weight == 0)
            continue;
        if (accepted.without_nulls)
            return item;
        if (accept_is_made(accepted.name))
            made = true;
        else if (accept_begins(accepted.name, "application/vnd.pgrst.") ||
                 accept_is(accepted.name, "application/geo+json"))
            not_made = item;
    }
    return made ? (struct span){0} : not_made;
}

static struct span accept_without_weakness(struct span tag) {
    bool weak = tag.size > 2 && memcmp(tag.data, "W/", 2) == 0;
    return weak ? (struct span){tag.data + 2, tag.size - 2} : tag;
}

bool accept_takes_gzip(struct span accept_encoding) {
    int gzip = accept_weight_of(accept_encoding, "gzip");
    return gzip > 0 || (gzip < 0 && accept_weight_of(accept_encoding, "*") > 0);
}

bool accept_has_tag(struct span if_none_match, struct span etag) {
    struct span tag;
    while (accept_take(&if_none_match, ',', &tag))
        if (span_is(tag, "*") || span_equal(accept_without_weakness(tag), accept_without_weakness(etag)))
            return true;
    return false;
}

bool accept_wants_count(struct span prefer) {
    struct span item;
    while (accept_take(&prefer, ',', &item))
        if (span_is(item, "count=exact") || span_is(item, "count=planned") ||
            span_is(item, "count=estimated"))
            return true;
    return false;
}
