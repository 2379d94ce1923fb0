#include "consumer/decode/other_prefixes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool other_prefixes_has(const char *list, const char *name, size_t size) {
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        if (length == size && memcmp(list, name, size) == 0)
            return true;
        list += length + strspn(list + length, ", ");
    }
    return false;
}

void other_prefixes_add(char list[OTHER_PREFIXES_SIZE], const char *topic) {
    const char *dot = strchr(topic, '.');
    if (dot == NULL || dot == topic || strchr(dot + 1, '.') == NULL || topic[0] == '_')
        return;
    size_t size = (size_t)(dot - topic), used = strlen(list);
    if (!other_prefixes_has(list, topic, size) && used + size + sizeof ", " <= OTHER_PREFIXES_SIZE)
        (void)snprintf(list + used, OTHER_PREFIXES_SIZE - used, "%s%.*s", used > 0 ? ", " : "", (int)size,
                       topic);
}
