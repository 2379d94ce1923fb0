#include "consumer/decode/envelope/older_names.h"

// Names that went round in a circle are their own.
static bool older_names_is_own(const struct table *table, int column, older_names_has *has, const void *self,
                               int steps) {
    const char *name = table->columns[column].name;
    if (steps == table->column_count)
        return true;
    if (!has(self, name))
        return false;
    for (int i = 0; i < table->column_count; i++)
        if (column_was_called(&table->columns[i], name) &&
            !older_names_is_own(table, i, has, self, steps + 1))
            return false;
    return true;
}

// A message's key may lack what every row has: a new key column of the name is what it says.
static bool older_names_is_new_key(const struct table *table, int column, const char *older) {
    int now = table_column(table, older, strlen(older));
    return now >= 0 && table->columns[now].key != 0 && table->columns[column].key == 0;
}

// What was renamed twice has two older names: in a message that has both, the older one is another column's by then.
static bool older_names_is_newest(const struct column *column, int number, older_names_has *has,
                                  const void *self) {
    for (int i = number + 1; i < column->older_count; i++)
        if (has(self, column->older[i]))
            return false;
    return true;
}

int older_names_find(const struct table *table, const struct json_reader *key, older_names_has *has,
                     const void *self) {
    for (int i = 0; table->has_renamed && i < table->column_count; i++)
        for (int o = 0; o < table->columns[i].older_count; o++) {
            const char *older = table->columns[i].older[o];
            if (json_key_is(key, older, strlen(older)) && !older_names_is_new_key(table, i, older) &&
                older_names_is_newest(&table->columns[i], o, has, self) &&
                !older_names_is_own(table, i, has, self, 0))
                return i;
        }
    return -1;
}

int older_names_find_plain(const struct table *table, struct span name, older_names_has *has,
                           const void *self) {
    const struct json_reader key = {.text = name};
    return older_names_find(table, &key, has, self);
}

bool older_names_in_object(const void *self, const char *name) {
    const struct older_names_object *object = self;
    struct json_reader json;
    json_open(&json, (struct span){object->begin, (size_t)(object->end - object->begin)});
    (void)json_next(&json);
    while (json_next(&json) == JSON_KEY) {
        if (json_key_is(&json, name, strlen(name)))
            return true;
        if (!json_skip(&json))
            return false;
    }
    return false;
}
