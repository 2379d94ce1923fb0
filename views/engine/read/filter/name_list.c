#include "views/engine/read/filter/name_list.h"

bool name_list_accept(struct span *rest, char c) {
    if (rest->size == 0 || rest->data[0] != c)
        return false;
    *rest = (struct span){rest->data + 1, rest->size - 1};
    return true;
}

void name_list_skip(struct span *rest) {
    while (rest->size > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t'))
        *rest = (struct span){rest->data + 1, rest->size - 1};
}

bool name_list_accept_spaced(struct span *rest, char c) {
    struct span found = *rest;
    name_list_skip(&found);
    if (!name_list_accept(&found, c))
        return false;
    name_list_skip(&found);
    *rest = found;
    return true;
}

static bool name_list_take_quoted(struct span *rest, struct arena *arena, struct span *ret) {
    char *text = arena_take(arena, rest->size + 1);
    size_t size = 0;
    while (text != NULL && !name_list_accept(rest, '"')) {
        if (rest->size > 1)
            (void)name_list_accept(rest, '\\');
        if (rest->size == 0)
            return false;
        text[size++] = rest->data[0];
        *rest = (struct span){rest->data + 1, rest->size - 1};
    }
    *ret = (struct span){text, size};
    return text != NULL;
}

bool name_list_take(struct span *rest, const char *stops, struct arena *arena, struct span *ret) {
    if (name_list_accept(rest, '"'))
        return name_list_take_quoted(rest, arena, ret);
    size_t size = 0;
    while (size < rest->size && strchr(stops, rest->data[size]) == NULL)
        size++;
    *ret = (struct span){rest->data, size};
    *rest = (struct span){rest->data + size, rest->size - size};
    return true;
}
