#include "views/engine/line_name.h"

#include <stdbool.h>
#include <string.h>

static bool line_name_is_plain(const char *name, const char *also) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_$";
    for (const char *at = name; *at != '\0'; at++)
        if ((unsigned char)*at < 0x80 && strchr(plain, *at) == NULL && strchr(also, *at) == NULL)
            return false;
    return name[0] != '\0';
}

static struct line_name line_name_of(const char *name, const char *also) {
    enum { CLOSING = 2 }; // the last quote, and the end
    struct line_name ret = {{0}};
    bool quotes = !line_name_is_plain(name, also);
    size_t size = 0;
    if (quotes)
        ret.text[size++] = '"';
    for (; *name != '\0' && size + CLOSING + 1 < sizeof ret.text; name++) {
        ret.text[size++] = *name;
        if (*name == '"')
            ret.text[size++] = *name;
    }
    if (quotes)
        ret.text[size] = '"';
    return ret;
}

struct line_name line_name_table(const char *table) {
    return line_name_of(table, ".");
}

struct line_name line_name_column(const char *column) {
    return line_name_of(column, "");
}
